// What a kernel uses from above is its one parameter, a struct laid out alike on host and device: index as i64, a
// buffer as its address or, where more of it is asked for, as its descriptor.
#include "heed/codegen/gpu/passes.h"
#include "heed/codegen/tile/async.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/RegionUtils.h"

namespace heed::codegen::gpu {

#define GEN_PASS_DEF_OUTLINELAUNCHES
#include "heed/codegen/gpu/passes.h.inc"

namespace {

using namespace mlir;
using Builder = ImplicitLocOpBuilder;

constexpr int64_t maxRecordBytes = 4096;  // of all parameters of a kernel

Type pointerType(MLIRContext* context, unsigned space = 0) { return LLVM::LLVMPointerType::get(context, space); }

Value cast(Builder& b, Type type, Value value) {
  if (value.getType() == type) return value;
  if (value.getType().isIndex() || type.isIndex()) return arith::IndexCastOp::create(b, type, value);
  return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

/// `start` as a contiguous buffer of rank 1 whose extent nobody asks for.
Value flatBuffer(Builder& b, MemRefType type, Value start) {
  Value view = LLVM::PoisonOp::create(b, LLVMTypeConverter(b.getContext()).convertType(type));
  auto set = [&](Value field, ArrayRef<int64_t> at) { view = LLVM::InsertValueOp::create(b, view, field, at); };
  auto number = [&](int64_t n) { return LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(n)); };
  set(start, 0), set(start, 1), set(number(0), 2), set(number(0), {3, 0}), set(number(1), {4, 0});
  return cast(b, type, view);
}

/// Bytes of a struct, on the host and on the device alike: each part at a multiple of its own size, of at most 8.
/// (MLIR's default layout would put an i64 at a multiple of 4.)
int64_t sizeOf(ArrayRef<Type> parts) {
  auto bytes = [](Type type) -> int64_t {
    if (auto record = dyn_cast<LLVM::LLVMStructType>(type)) return sizeOf(record.getBody());
    if (auto array = dyn_cast<LLVM::LLVMArrayType>(type)) return 8 * array.getNumElements();  // sizes, strides
    return isa<LLVM::LLVMPointerType>(type) ? 8 : llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
  };
  int64_t end = 0, most = 1;
  for (Type part : parts) {
    int64_t size = bytes(part), alignment = std::min<int64_t>(size, 8);
    end = llvm::alignTo(end, alignment) + size;
    most = std::max(most, alignment);
  }
  return llvm::alignTo(end, most);
}

/// Whether the launch needs no more of a buffer than where it begins.
bool isAddress(Value value, tile::LaunchOp launch) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && type.getRank() == 1 && type.getLayout().isIdentity() &&
         llvm::all_of(value.getUsers(), [&](Operation* user) {
           return !launch->isProperAncestor(user) ||
                  isa<memref::LoadOp, memref::StoreOp, memref::ExtractAlignedPointerAsIndexOp>(user);
         });
}

class Outliner {
 public:
  explicit Outliner(ModuleOp module) : host_(module), types_(module.getContext()) {}

  LogicalResult run() {
    SmallVector<tile::LaunchOp> launches;
    host_.walk([&](tile::LaunchOp launch) { launches.push_back(launch); });
    if (launches.empty()) return success();
    Builder b(host_.getLoc(), host_.getContext());
    b.setInsertionPointToEnd(host_.getBody());
    device_ = ModuleOp::create(b, deviceModule);
    auto bytes = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
    b.setInsertionPointToStart(device_.getBody());
    LLVM::GlobalOp::create(b, bytes, /*isConstant=*/false, LLVM::Linkage::External, "heed_shared", Attribute(),
                           /*alignment=*/1024, /*addrSpace=*/3);
    b.setInsertionPointToStart(host_.getBody());
    // What it holds is known when the device's code is; see gpu/image.cpp.
    LLVM::GlobalOp::create(b, bytes, /*isConstant=*/true, LLVM::Linkage::External, deviceImage, Attribute());
    SmallVector<tile::TensorMapOp> maps;
    host_.walk([&](tile::TensorMapOp map) { maps.push_back(map); });
    for (tile::TensorMapOp map : maps) encode(map);
    for (tile::LaunchOp launch : launches)
      if (failed(outline(launch))) return failure();
    return success();
  }

 private:
  static bool isMap(Type type) { return isa<LLVM::LLVMArrayType>(type); }

  /// The host asks the runtime, into memory of its own.
  void encode(tile::TensorMapOp map) {
    auto parent = map->getParentOfType<func::FuncOp>();
    Builder b(map.getLoc(), map);
    Type i64 = b.getI64Type(), pointer = pointerType(b.getContext());
    auto number = [&](int64_t n) -> Value { return LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(n)); };
    auto room = [&](Type type, int64_t count) -> Value {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&parent.front());
      return LLVM::AllocaOp::create(b, pointer, type, number(count));
    };
    auto list = [&](ValueRange values) {
      Value memory = room(i64, std::max<int64_t>(values.size(), 1));
      for (auto [n, value] : llvm::enumerate(values))
        LLVM::StoreOp::create(b, cast(b, i64, value),
                              LLVM::GEPOp::create(b, pointer, i64, memory, ArrayRef<LLVM::GEPArg>{int32_t(n)}));
      return memory;
    };
    SmallVector<Value> box;
    for (int64_t size : map.getBox()) box.push_back(number(size));
    Value to = room(map.getType(), 1);
    Value bf16 = number(map.getElement().isBF16()), rank = number(int64_t(map.getSizes().size()));
    func::CallOp::create(b, runtime("heed_tensor_map", {pointer, pointer, i64, i64, i64, pointer, pointer, pointer}),
                         ValueRange{parent.getArgument(0), to, bf16, rank, cast(b, i64, map.getAddress()),
                                    list(map.getSizes()), list(map.getStrides()), list(box)});
    map.replaceAllUsesWith(LLVM::LoadOp::create(b, map.getType(), to).getResult());
    map.erase();
  }

  LogicalResult outline(tile::LaunchOp launch) {
    auto parent = launch->getParentOfType<func::FuncOp>();
    SetVector<Value> above;
    getUsedValuesDefinedAbove(launch.getBody(), above);
    // Tensor maps begin the struct: they must lie at multiples of 64 bytes.
    SmallVector<Value> ordered(above.begin(), above.end());
    llvm::stable_sort(ordered, [](Value x, Value y) { return isMap(x.getType()) > isMap(y.getType()); });
    SmallVector<Value> constants, captured;
    SmallVector<Type> fields;
    for (Value value : ordered) {
      Operation* source = value.getDefiningOp();
      if (source && source->hasTrait<OpTrait::ConstantLike>()) {
        constants.push_back(value);
        continue;
      }
      captured.push_back(value);
      fields.push_back(isAddress(value, launch) ? pointerType(host_.getContext())
                                                : types_.convertType(value.getType()));
    }
    auto record = LLVM::LLVMStructType::getLiteral(host_.getContext(), fields);
    int64_t bytes = sizeOf(fields);
    if (bytes > maxRecordBytes)
      return launch.emitOpError() << "uses " << bytes << " bytes from above; a kernel takes at most " << maxRecordBytes;

    LLVM::LLVMFuncOp kernel = function(launch, parent, record, constants, captured);
    call(launch, parent, kernel, record, captured, bytes);
    launch.erase();
    return success();
  }

  LLVM::LLVMFuncOp function(tile::LaunchOp launch, func::FuncOp parent, LLVM::LLVMStructType record,
                            ArrayRef<Value> constants, ArrayRef<Value> captured) {
    MLIRContext* context = host_.getContext();
    Builder b(launch.getLoc(), context);
    b.setInsertionPointToEnd(device_.getBody());
    std::string name = (parent.getName() + "_" + Twine(count_++)).str();
    Type pointer = pointerType(context);
    auto kernel =
        LLVM::LLVMFuncOp::create(b, name, LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer}));
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), b.getDenseI32ArrayAttr({int32_t(launch.getThreads())}));
    // One block at a time is enough: ptxas then spills no register for the sake of more, and lets them be handed over.
    kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(1));
    kernel.setArgAttr(0, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(record));
    kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(64));
    kernel.setArgAttr(0, NVVM::NVVMDialect::getGridConstantAttrName(), b.getUnitAttr());
    Block* entry = kernel.addEntryBlock(b);
    b.setInsertionPointToStart(entry);

    IRMapping inside;
    for (Value constant : constants) inside.map(constant, b.clone(*constant.getDefiningOp())->getResult(0));
    for (auto [n, value] : llvm::enumerate(captured)) {
      Value at = LLVM::GEPOp::create(b, pointer, record, entry->getArgument(0), ArrayRef<LLVM::GEPArg>{0, int32_t(n)});
      if (isMap(value.getType())) {  // the copy engine reads it where it is
        inside.map(value, at);
        continue;
      }
      Value field = LLVM::LoadOp::create(b, record.getBody()[n], at);
      bool address = isa<MemRefType>(value.getType()) && field.getType() == pointer;
      inside.map(value, address ? flatBuffer(b, mlir::cast<MemRefType>(value.getType()), field)
                                : cast(b, value.getType(), field));
    }
    auto number = [&](Value word) { return arith::IndexCastUIOp::create(b, b.getIndexType(), word).getResult(); };
    Block& body = launch.getBody().front();
    auto shared = mlir::cast<MemRefType>(body.getArgument(2).getType());
    body.getArgument(0).replaceAllUsesWith(number(NVVM::BlockIdXOp::create(b, b.getI32Type())));
    body.getArgument(1).replaceAllUsesWith(number(NVVM::ThreadIdXOp::create(b, b.getI32Type())));
    Value start = LLVM::AddressOfOp::create(b, pointerType(context, 3), "heed_shared");
    body.getArgument(2).replaceAllUsesWith(flatBuffer(b, shared, start));
    for (ArrayRef<Value> values : {constants, captured})
      for (Value value : values)
        value.replaceUsesWithIf(inside.lookup(value),
                                [&](OpOperand& use) { return launch->isProperAncestor(use.getOwner()); });
    body.getTerminator()->erase();
    entry->getOperations().splice(entry->end(), body.getOperations());
    b.setInsertionPointToEnd(entry);
    LLVM::ReturnOp::create(b, ValueRange());
    return theOneOf(kernel);
  }

  /// The first kernel that does the same on other operands, in place of this one.
  LLVM::LLVMFuncOp theOneOf(LLVM::LLVMFuncOp kernel) {
    for (LLVM::LLVMFuncOp other : kernels_)
      if (other.getArgAttrs() == kernel.getArgAttrs() &&
          other->getAttr(NVVM::NVVMDialect::getMaxntidAttrName()) ==
              kernel->getAttr(NVVM::NVVMDialect::getMaxntidAttrName()) &&
          OperationEquivalence::isRegionEquivalentTo(&other.getBody(), &kernel.getBody(),
                                                     OperationEquivalence::IgnoreLocations)) {
        kernel.erase();
        return other;
      }
    kernels_.push_back(kernel);
    return kernel;
  }

  void call(tile::LaunchOp launch, func::FuncOp parent, LLVM::LLVMFuncOp kernel, LLVM::LLVMStructType record,
            ArrayRef<Value> captured, int64_t bytes) {
    MLIRContext* context = host_.getContext();
    Type pointer = pointerType(context), i64 = IntegerType::get(context, 64);
    Builder b(launch.getLoc(), context);
    auto number = [&](int64_t n) -> Value { return LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(n)); };
    // The struct is allocated once per call of the function, whatever loop the launch stands in.
    b.setInsertionPointToStart(&parent.front());
    Value room = LLVM::AllocaOp::create(b, pointer, record, number(1));
    b.setInsertionPoint(launch);
    for (auto [n, value] : llvm::enumerate(captured)) {
      Value at = LLVM::GEPOp::create(b, pointer, record, room, ArrayRef<LLVM::GEPArg>{0, int32_t(n)}), field;
      if (isa<MemRefType>(value.getType()) && record.getBody()[n] == pointer)
        field = LLVM::ExtractValueOp::create(b, cast(b, types_.convertType(value.getType()), value), 1);
      else
        field = cast(b, record.getBody()[n], value);
      LLVM::StoreOp::create(b, field, at);
    }
    Value image = LLVM::AddressOfOp::create(b, pointer, deviceImage);
    Value name = LLVM::AddressOfOp::create(b, pointer, text(kernel.getName()));
    func::CallOp::create(b, runtime("heed_launch", {pointer, pointer, pointer, i64, i64, i64, pointer, i64}),
                         ValueRange{parent.getArgument(0), image, name, cast(b, i64, launch.getBlocks()),
                                    number(launch.getThreads()), number(launch.getSharedBytes()), room, number(bytes)});
  }

  func::FuncOp runtime(StringRef name, ArrayRef<Type> arguments) {
    if (auto known = host_.lookupSymbol<func::FuncOp>(name)) return known;
    auto b = OpBuilder::atBlockBegin(host_.getBody());
    auto function = func::FuncOp::create(b, host_.getLoc(), name, b.getFunctionType(arguments, {}));
    function.setPrivate();
    return function;
  }

  /// The kernel's name as a C string; a global of the host.
  std::string text(StringRef kernel) {
    std::string name = ("heed_name_" + kernel).str();
    if (host_.lookupSymbol(name)) return name;
    auto b = OpBuilder::atBlockBegin(host_.getBody());
    std::string bytes = kernel.str() + '\0';
    LLVM::GlobalOp::create(b, host_.getLoc(), LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, name, b.getStringAttr(bytes));
    return name;
  }

  ModuleOp host_, device_;
  LLVMTypeConverter types_;
  SmallVector<LLVM::LLVMFuncOp> kernels_;
  unsigned count_ = 0;
};

struct OutlineLaunches : impl::OutlineLaunchesBase<OutlineLaunches> {
  void runOnOperation() override {
    if (failed(Outliner(getOperation()).run())) signalPassFailure();
  }
};

}  // namespace
}  // namespace heed::codegen::gpu
