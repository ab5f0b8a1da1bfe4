// Buffers, pointers, structs: memref and llvm ops.
#include "llvm/ADT/TypeSwitch.h"
#include "machine.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace heed::simt {

using namespace mlir;

namespace {

int bytesOf(Type scalar) { return std::max(1, bitsOf(scalar) / 8); }

/// Bytes in memory; the alignment is the same, of at most 8. MLIR's default layout is not the device's: there an i64 is
/// at a multiple of 8.
Word sizeInMemory(Type type) {
  if (isa<MemRefType, LLVM::LLVMStructType, LLVM::LLVMArrayType>(type)) return 8 * Word(wordsOf(type));  // descriptors
  if (auto vector = dyn_cast<VectorType>(type)) return Word(vector.getNumElements()) * bytesOf(vector.getElementType());
  return Word(bytesOf(type));
}

/// Where part `at` of a struct or array begins, in words.
int offsetOf(Type type, ArrayRef<int64_t> at) {
  int offset = 0;
  for (int64_t i : at) {
    if (auto array = dyn_cast<LLVM::LLVMArrayType>(type)) {
      type = array.getElementType();
      offset += int(i) * wordsOf(type);
    } else {
      auto record = cast<LLVM::LLVMStructType>(type);
      for (int64_t before = 0; before < i; ++before) offset += wordsOf(record.getBody()[before]);
      type = record.getBody()[i];
    }
  }
  return offset;
}

Step copy(int out, int from, int words) {
  return [=](Warp& w, Mask m) {
    for (int i = 0; i < words; ++i) {
      Word *o = w.at(out + i), *x = w.at(from + i);
      each(m, [&](int l) { o[l] = x[l]; });
    }
  };
}

/// A number known now or in a register.
struct Number {
  int word = -1;
  Word known = 0;
  Word at(Warp& w, int lane) const { return word < 0 ? known : w.at(word)[lane]; }
};

/// Words 0..2 of a descriptor, then its sizes and strides.
struct Buffer {
  int word, rank;
  Word address(Warp& w, int lane) const { return w.at(word + 1)[lane]; }
  Word offset(Warp& w, int lane) const { return w.at(word + 2)[lane]; }
  int size(int d) const { return word + 3 + d; }
  int stride(int d) const { return word + 3 + rank + d; }
};

}  // namespace

Step Compiler::memory(Operation* op) {
  auto buffer = [&](Value value) { return Buffer{word(value), int(cast<MemRefType>(value.getType()).getRank())}; };
  auto number = [&](OpFoldResult x) {
    if (auto value = dyn_cast<Value>(x)) return Number{word(value), 0};
    return Number{-1, Word(*getConstantIntValue(x))};
  };
  auto numbers = [&](ArrayRef<OpFoldResult> all) { return llvm::map_to_vector(all, number); };
  /// A new descriptor of `from`'s memory: body(warp, lane, offset) fills sizes and strides and changes the offset.
  auto view = [&](Value from, Value to, auto body) -> Step {
    Buffer in = buffer(from), out = buffer(to);
    return [=](Warp& w, Mask m) {
      each(m, [&](int l) {
        Word allocated = w.at(in.word)[l], aligned = w.at(in.word + 1)[l], offset = in.offset(w, l);
        body(w, l, in, out, aligned, offset);
        w.at(out.word)[l] = allocated, w.at(out.word + 1)[l] = aligned, w.at(out.word + 2)[l] = offset;
      });
    };
  };
  /// The address of an element.
  auto element = [&](Value memref, ValueRange indices) {
    Buffer in = buffer(memref);
    auto at = llvm::map_to_vector(indices, [&](Value v) { return word(v); });
    int bytes = bytesOf(cast<MemRefType>(memref.getType()).getElementType());
    return [=](Warp& w, int l) {
      Word offset = in.offset(w, l);
      for (int d = 0; d < in.rank; ++d) offset += w.at(at[d])[l] * w.at(in.stride(d))[l];
      return in.address(w, l) + offset * bytes;
    };
  };
  auto scalarLoad = [&](int out, Type type, auto address) -> Step {
    int bytes = bytesOf(type), bits = bitsOf(type);
    return [=](Warp& w, Mask m) {
      each(m, [&](int l) {
        Word value = 0;
        w.load(address(w, l), &value, bytes, l, op);
        w.at(out)[l] = masked(value, bits);
      });
    };
  };
  auto scalarStore = [&](int from, Type type, auto address) -> Step {
    int bytes = bytesOf(type);
    return [=](Warp& w, Mask m) { each(m, [&](int l) { w.store(address(w, l), &w.at(from)[l], bytes, l, op); }); };
  };

  return llvm::TypeSwitch<Operation*, Step>(op)
      .Case([&](memref::LoadOp load) {
        return scalarLoad(word(load), load.getType(), element(load.getMemRef(), load.getIndices()));
      })
      .Case([&](memref::StoreOp store) {
        Type type = store.getValueToStore().getType();
        Step step = scalarStore(word(store.getValueToStore()), type, element(store.getMemRef(), store.getIndices()));
        std::int64_t* count = &counts_[op->getName().getStringRef().str()];
        return [=](Warp& w, Mask m) { ++*count, step(w, m); };
      })
      .Case([&](memref::ExtractStridedMetadataOp parts) -> Step {
        Buffer in = buffer(parts.getSource()), base = buffer(parts.getBaseBuffer());
        int offset = word(parts.getOffset());
        auto sizes = llvm::map_to_vector(parts.getSizes(), [&](Value v) { return word(v); });
        auto strides = llvm::map_to_vector(parts.getStrides(), [&](Value v) { return word(v); });
        return [=](Warp& w, Mask m) {
          each(m, [&](int l) {
            w.at(base.word)[l] = w.at(in.word)[l], w.at(base.word + 1)[l] = in.address(w, l);
            w.at(base.word + 2)[l] = 0;
            w.at(offset)[l] = in.offset(w, l);
            for (int d = 0; d < in.rank; ++d) {
              w.at(sizes[d])[l] = w.at(in.size(d))[l];
              w.at(strides[d])[l] = w.at(in.stride(d))[l];
            }
          });
        };
      })
      .Case([&](memref::ReinterpretCastOp cast) {
        auto offset = numbers(cast.getMixedOffsets()), sizes = numbers(cast.getMixedSizes()),
             strides = numbers(cast.getMixedStrides());
        return view(cast.getSource(), cast, [=](Warp& w, int l, Buffer, Buffer out, Word&, Word& at) {
          at = offset[0].at(w, l);
          for (int d = 0; d < out.rank; ++d) {
            w.at(out.size(d))[l] = sizes[d].at(w, l);
            w.at(out.stride(d))[l] = strides[d].at(w, l);
          }
        });
      })
      .Case([&](memref::SubViewOp sub) {
        auto offsets = numbers(sub.getMixedOffsets()), sizes = numbers(sub.getMixedSizes()),
             strides = numbers(sub.getMixedStrides());
        auto dropped = sub.getDroppedDims();
        return view(sub.getSource(), sub.getResult(), [=](Warp& w, int l, Buffer in, Buffer out, Word&, Word& at) {
          int d = 0;
          for (int s = 0; s < in.rank; ++s) {
            Word stride = w.at(in.stride(s))[l];
            at += offsets[s].at(w, l) * stride;
            if (dropped[s]) continue;
            w.at(out.size(d))[l] = sizes[s].at(w, l);
            w.at(out.stride(d++))[l] = strides[s].at(w, l) * stride;
          }
        });
      })
      .Case([&](memref::ViewOp flat) {
        int shift = word(flat.getByteShift());
        SmallVector<Number> sizes;
        size_t dynamic = 0;
        for (int64_t size : flat.getType().getShape())
          sizes.push_back(ShapedType::isDynamic(size) ? Number{word(flat.getSizes()[dynamic++]), 0}
                                                      : Number{-1, Word(size)});
        return view(flat.getSource(), flat.getResult(),
                    [=](Warp& w, int l, Buffer, Buffer out, Word& aligned, Word& at) {
                      aligned += at + w.at(shift)[l];
                      at = 0;
                      Word stride = 1;
                      for (int d = out.rank; d-- > 0;) {
                        w.at(out.size(d))[l] = sizes[d].at(w, l);
                        w.at(out.stride(d))[l] = stride;
                        stride *= sizes[d].at(w, l);
                      }
                    });
      })
      .Case([&](memref::DimOp dim) -> Step {
        auto which = getConstantIntValue(dim.getDimension());
        if (!which) return {};
        return copy(word(dim), buffer(dim.getSource()).size(int(*which)), 1);
      })
      .Case([&](memref::CastOp cast) { return copy(word(cast), word(cast.getSource()), wordsOf(cast.getType())); })
      .Case([&](memref::ExtractAlignedPointerAsIndexOp pointer) -> Step {
        return copy(word(pointer), word(pointer.getSource()) + 1, 1);
      })
      .Case([&](UnrealizedConversionCastOp cast) -> Step {
        int words = wordsOf(cast.getResult(0).getType());
        if (cast.getNumOperands() != 1 || wordsOf(cast.getOperand(0).getType()) != words) return {};
        return copy(word(cast.getResult(0)), word(cast.getOperand(0)), words);
      })
      .Case<LLVM::PoisonOp, LLVM::UndefOp>([&](auto undefined) -> Step {
        int out = word(undefined), words = wordsOf(undefined.getType());
        return [=](Warp& w, Mask m) {
          for (int i = 0; i < words; ++i) each(m, [&, o = w.at(out + i)](int l) { o[l] = 0x5555555555555555; });
        };
      })
      .Case([&](LLVM::ConstantOp constant) -> Step {
        Word value;
        if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
          value = masked(Word(integer.getValue().getZExtValue()), bitsOf(constant.getType()));
        else if (auto real = dyn_cast<FloatAttr>(constant.getValue()))
          value = real.getValue().bitcastToAPInt().getZExtValue();
        else
          return {};
        int out = word(constant);
        return [=](Warp& w, Mask m) { each(m, [&, o = w.at(out)](int l) { o[l] = value; }); };
      })
      .Case([&](LLVM::InsertValueOp insert) -> Step {
        int out = word(insert), from = word(insert.getContainer()), part = word(insert.getValue());
        int at = offsetOf(insert.getContainer().getType(), insert.getPosition());
        Step whole = copy(out, from, wordsOf(insert.getType()));
        Step one = copy(out + at, part, wordsOf(insert.getValue().getType()));
        return [=](Warp& w, Mask m) { whole(w, m), one(w, m); };
      })
      .Case([&](LLVM::ExtractValueOp extract) {
        int at = offsetOf(extract.getContainer().getType(), extract.getPosition());
        return copy(word(extract), word(extract.getContainer()) + at, wordsOf(extract.getType()));
      })
      .Case([&](LLVM::ExtractElementOp extract) -> Step {
        auto at = getConstantIntValue(extract.getPosition());
        if (!at) return {};
        return copy(word(extract), word(extract.getVector()) + int(*at), 1);
      })
      .Case([&](LLVM::AddressOfOp address) -> Step {  // the one global there is
        int out = word(address);
        return [=](Warp& w, Mask m) { each(m, [&, o = w.at(out)](int l) { o[l] = w.block.shared.begin(); }); };
      })
      .Case<LLVM::AddrSpaceCastOp, LLVM::IntToPtrOp, LLVM::PtrToIntOp>(
          [&](auto cast) { return copy(word(cast), word(cast->getOperand(0)), 1); })
      .Case([&](LLVM::GEPOp gep) -> Step {
        Type type = gep.getElemType();
        Word fixed = 0;
        SmallVector<std::pair<int, Word>> moving;
        for (auto [n, index] : llvm::enumerate(gep.getIndices())) {
          if (n > 0) {
            if (auto record = dyn_cast<LLVM::LLVMStructType>(type)) {
              int64_t which = cast<IntegerAttr>(index).getInt();
              for (int64_t i = 0;; ++i) {
                Type part = record.getBody()[i];
                fixed = llvm::alignTo(fixed, std::min<Word>(sizeInMemory(part), 8));
                if (i == which) break;
                fixed += sizeInMemory(part);
              }
              type = record.getBody()[which];
              continue;
            }
            type = cast<LLVM::LLVMArrayType>(type).getElementType();
          }
          Word size = n == 0 && isa<LLVM::LLVMStructType>(type) ? 0 : sizeInMemory(type);  // the one struct there is
          if (auto value = dyn_cast<Value>(index))
            moving.push_back({word(value), size});
          else
            fixed += size * Word(cast<IntegerAttr>(index).getValue().getSExtValue());
        }
        int out = word(gep), base = word(gep.getBase());
        auto bits = llvm::map_to_vector(gep.getDynamicIndices(), [](Value v) { return bitsOf(v.getType()); });
        return [=](Warp& w, Mask m) {
          each(m, [&](int l) {
            Word address = w.at(base)[l] + fixed;
            for (auto [n, part] : llvm::enumerate(moving))
              address += Word(extended(w.at(part.first)[l], bits[n])) * part.second;
            w.at(out)[l] = address;
          });
        };
      })
      .Case([&](LLVM::LoadOp load) -> Step {
        int address = word(load.getAddr()), out = word(load);
        Type type = load.getType();
        auto vector = dyn_cast<VectorType>(type);
        if (!vector && wordsOf(type) == 1)
          return scalarLoad(out, type, [=](Warp& w, int l) { return w.at(address)[l]; });
        Type part = vector ? vector.getElementType() : Type();
        int bytes = vector ? bytesOf(part) : 8, words = wordsOf(type);  // a descriptor is words of 8 bytes
        return [=](Warp& w, Mask m) {
          each(m, [&](int l) {
            for (int i = 0; i < words; ++i) {
              Word value = 0;
              w.load(w.at(address)[l] + Word(i) * bytes, &value, bytes, l, op);
              w.at(out + i)[l] = value;
            }
          });
        };
      })
      .Case([&](LLVM::StoreOp store) -> Step {
        int address = word(store.getAddr()), from = word(store.getValue());
        Type type = store.getValue().getType();
        auto vector = dyn_cast<VectorType>(type);
        int bytes = bytesOf(vector ? vector.getElementType() : type), words = wordsOf(type);
        return [=](Warp& w, Mask m) {
          each(m, [&](int l) {
            for (int i = 0; i < words; ++i)
              w.store(w.at(address)[l] + Word(i) * bytes, &w.at(from + i)[l], bytes, l, op);
          });
        };
      })
      .Default([](Operation*) { return Step(); });
}

}  // namespace heed::simt
