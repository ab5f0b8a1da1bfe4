// The interpreter itself: what it computes, and that it stops at what hardware would leave undefined.
#include "simt.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "heed/driver/pipeline.h"
#include "heed/tests/said.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

namespace heed::simt {
namespace {

/// A kernel of the given body on x : memref<?xf32> (in the record) and shared memory s : memref<?xf32, 3>.
struct Kernel {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Program> program;
  std::vector<float> x;

  explicit Kernel(const std::string& body, std::size_t elements = 64) : x(elements) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    module = mlir::parseSourceString<mlir::ModuleOp>(R"(
      llvm.mlir.global external @heed_shared() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
      llvm.func @k(%record: !llvm.ptr) {
        %address = llvm.load %record : !llvm.ptr -> !llvm.ptr
        %zero = llvm.mlir.constant(0 : i64) : i64
        %one = llvm.mlir.constant(1 : i64) : i64
        %none = llvm.mlir.poison : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
        %a = llvm.insertvalue %address, %none[1] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
        %b = llvm.insertvalue %zero, %a[2] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
        %c = llvm.insertvalue %one, %b[4, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
        %x = builtin.unrealized_conversion_cast %c : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<?xf32>
        %shared = llvm.mlir.addressof @heed_shared : !llvm.ptr<3>
        %n3 = llvm.mlir.poison : !llvm.struct<(ptr<3>, ptr<3>, i64, array<1 x i64>, array<1 x i64>)>
        %a3 = llvm.insertvalue %shared, %n3[1] : !llvm.struct<(ptr<3>, ptr<3>, i64, array<1 x i64>, array<1 x i64>)>
        %b3 = llvm.insertvalue %zero, %a3[2] : !llvm.struct<(ptr<3>, ptr<3>, i64, array<1 x i64>, array<1 x i64>)>
        %c3 = llvm.insertvalue %one, %b3[4, 0] : !llvm.struct<(ptr<3>, ptr<3>, i64, array<1 x i64>, array<1 x i64>)>
        %s = builtin.unrealized_conversion_cast %c3 : !llvm.struct<(ptr<3>, ptr<3>, i64, array<1 x i64>, array<1 x i64>)> to memref<?xf32, 3>
        %tid = nvvm.read.ptx.sreg.tid.x : i32
        %t = arith.index_castui %tid : i32 to index
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c32 = arith.constant 32 : index
        %c63 = arith.constant 63 : index
        %all = arith.constant -1 : i32
)" + body + "llvm.return }",
                                                     &context);
    if (!module) throw std::runtime_error("the test's text does not parse");
    program = std::make_unique<Program>(*module);
  }

  std::string run(std::int64_t threads = 64, std::int64_t blocks = 1) {
    float* data = x.data();
    Memory memory;
    memory.add(data, std::int64_t(x.size() * sizeof(float)));
    try {
      program->run({"k", blocks, threads, 1024, &data, sizeof data}, memory);
      return "";
    } catch (const Fault& fault) {
      return fault.what();
    }
  }
};

const std::string own = R"(
  %i = arith.index_cast %t : index to i32
  %v = arith.sitofp %i : i32 to f32
  memref.store %v, %s[%t] : memref<?xf32, 3>
)";
const std::string reversed = R"(
  %r = arith.subi %c63, %t : index
  %w = memref.load %s[%r] : memref<?xf32, 3>
  memref.store %w, %x[%t] : memref<?xf32>
)";

TEST(Simt, WarpsExchangeThroughSharedMemoryAtABarrier) {
  Kernel kernel(own + "nvvm.barrier0\n" + reversed);
  EXPECT_EQ(kernel.run(), "");
  for (int t = 0; t < 64; ++t) EXPECT_EQ(kernel.x[t], 63 - t);
  EXPECT_EQ(kernel.program->count("nvvm.barrier0"), 2);
}

TEST(Simt, AMissingBarrierIsARace) {
  std::string text = Kernel(own + reversed).run();
  EXPECT_TRUE(text.find("race: reads") != text.npos || text.find("nobody has written") != text.npos) << text;
  // A barrier of the warp does not order two warps.
  text = Kernel(own + "nvvm.bar.warp.sync %all : i32\n" + reversed).run();
  EXPECT_TRUE(text.find("race: reads") != text.npos || text.find("nobody has written") != text.npos) << text;
}

TEST(Simt, WritingWhatOthersStillReadIsARace) {
  EXPECT_SAYS(Kernel(own + "nvvm.barrier0\n" + reversed + "memref.store %v, %s[%t] : memref<?xf32, 3>").run(),
              "race: ");
  EXPECT_EQ(
      Kernel(own + "nvvm.barrier0\n" + reversed + "nvvm.barrier0 memref.store %v, %s[%t] : memref<?xf32, 3>").run(),
      "");
}

TEST(Simt, LanesOfAWarpNeedABarrierToo) {
  const std::string neighbour = R"(
    %o = arith.xori %t, %c1 : index
    %w = memref.load %s[%o] : memref<?xf32, 3>
    memref.store %w, %x[%t] : memref<?xf32>
  )";
  EXPECT_SAYS(Kernel(own + neighbour).run(32), "race: reads what thread");
  EXPECT_EQ(Kernel(own + "nvvm.bar.warp.sync %all : i32\n" + neighbour).run(32), "");
}

TEST(Simt, WarpsTakeTurnsAtNamedBarriers) {
  // Warp 0 waits at barrier 2, where warp 1 arrives; then the other way round at barrier 3.
  auto turns = [](const std::string& first, const std::string& second) {
    return Kernel(R"(
      %two = arith.constant 2 : i32
      %three = arith.constant 3 : i32
      %first = arith.cmpi ult, %t, %c32 : index
      scf.if %first {)" +
                  first + "} else {" + second + "}")
        .run();
  };
  const std::string sync2 = "tile.named_barrier %two, 64\n", arrive2 = "tile.named_barrier %two, 64 arrive\n";
  const std::string sync3 = "tile.named_barrier %three, 64\n", arrive3 = "tile.named_barrier %three, 64 arrive\n";
  EXPECT_EQ(turns(sync2 + arrive3 + sync2, arrive2 + sync3 + arrive2), "");
  EXPECT_SAYS(turns(sync2 + arrive3 + sync2, arrive2 + sync3), "warp 0 for barrier 2");
  EXPECT_SAYS(turns(sync2 + arrive3, sync3 + arrive2),
              "nobody can go on\n  warp 0 for barrier 2\n  warp 1 for barrier 3");
  EXPECT_SAYS(turns(sync2, arrive2 + arrive2), "at barrier 2 are 32 of 64 threads");
  EXPECT_SAYS(turns(arrive2 + arrive2, ""), "the warp comes twice");
  EXPECT_SAYS(turns(sync2, "tile.named_barrier %two, 96 arrive"), "count other threads");
  EXPECT_SAYS(turns("%no = arith.subi %two, %two : i32 tile.named_barrier %no, 64", ""), "there are 1 to 15");
  // Whoever only arrives is not told of what others wrote.
  const std::string write = "memref.store %v, %s[%t] : memref<?xf32, 3>\n";
  const std::string meet = "tile.named_barrier %two, 64\n";
  auto exchange = [&](const std::string& ofFirst) {
    return Kernel(
               "%i = arith.index_cast %t : index to i32 %v = arith.sitofp %i : i32 to f32 %two = arith.constant 2 : "
               "i32\n"
               "%first = arith.cmpi ult, %t, %c32 : index\n" +
               write + "scf.if %first {" + ofFirst + "} else {" + meet + "}" + reversed)
        .run();
  };
  EXPECT_EQ(exchange(meet), "");
  EXPECT_NE(exchange("tile.named_barrier %two, 64 arrive\n"), "");
}

TEST(Simt, UnwrittenSharedMemoryIsNoticed) {
  EXPECT_SAYS(Kernel("%w = memref.load %s[%t] : memref<?xf32, 3> memref.store %w, %x[%t] : memref<?xf32>").run(),
              "nobody has written");
}

TEST(Simt, OutOfBoundsIsNoticed) {
  EXPECT_SAYS(Kernel("%w = memref.load %x[%t] : memref<?xf32>", 63).run(), "thread 63 reads outside of all buffers");
}

TEST(Simt, InactiveLanesChangeNothingAndMustNotBeWaitedFor) {
  const std::string half = R"(
    %first = arith.cmpi ult, %t, %c32 : index
    %one_f = arith.constant 1.0 : f32
  )";
  Kernel kernel(half + "scf.if %first { memref.store %one_f, %x[%t] : memref<?xf32> }");
  kernel.x.assign(64, 5);
  EXPECT_EQ(kernel.run(), "");
  for (int t = 0; t < 64; ++t) EXPECT_EQ(kernel.x[t], t < 32 ? 1 : 5);
  const std::string odd = R"(
    %two = arith.constant 2 : index
    %m = arith.remui %t, %two : index
    %odd = arith.cmpi eq, %m, %c1 : index
    scf.if %odd { nvvm.bar.warp.sync %all : i32 }
  )";
  EXPECT_SAYS(Kernel(odd).run(), "not all threads of the warp");
}

TEST(Simt, LoopsEndLaneByLane) {
  Kernel kernel(R"(
    %zero_f = arith.constant 0.0 : f32
    %one_f = arith.constant 1.0 : f32
    %n = scf.for %i = %c0 to %t step %c1 iter_args(%so = %zero_f) -> (f32) {
      %next = arith.addf %so, %one_f : f32
      scf.yield %next : f32
    }
    memref.store %n, %x[%t] : memref<?xf32>
  )");
  EXPECT_EQ(kernel.run(), "");
  for (int t = 0; t < 64; ++t) EXPECT_EQ(kernel.x[t], t);
}

TEST(Simt, CopiesUnderWayMayNotBeTouched) {
  auto text = [](const std::string& between) {
    return R"(
      %four = arith.constant 4 : i32
      %off = arith.muli %tid, %four : i32
      %to = llvm.getelementptr %shared[%off] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %from = llvm.getelementptr %address[%off] : (!llvm.ptr, i32) -> !llvm.ptr, i8
      %global = llvm.addrspacecast %from : !llvm.ptr to !llvm.ptr<1>
      nvvm.cp.async.shared.global %to, %global, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
    )" + between +
           R"(
      %w = memref.load %s[%t] : memref<?xf32, 3>
      memref.store %w, %x[%t] : memref<?xf32>
    )";
  };
  EXPECT_SAYS(Kernel(text("")).run(), "a copy under way");
  EXPECT_SAYS(Kernel(text("nvvm.cp.async.wait.group 1")).run(), "a copy under way");
  Kernel good(text("nvvm.cp.async.wait.group 0"));
  for (int t = 0; t < 64; ++t) good.x[t] = float(t);
  EXPECT_EQ(good.run(), "");
  for (int t = 0; t < 64; ++t) EXPECT_EQ(good.x[t], t);
}

TEST(Simt, AProductOfFragments) {
  // A is 1 everywhere, B is 2, so each sum of 16 is 32, and what C held before is added: the thread's number.
  Kernel kernel(R"(
    %ones = arith.constant 1065369472 : i32   // bf16 1.0 twice
    %twos = arith.constant 1073758208 : i32   // bf16 2.0 twice
    %i = arith.index_cast %t : index to i32
    %v = arith.sitofp %i : i32 to f32
    %d = nvvm.mma.sync A[%ones, %ones, %ones, %ones] B[%twos, %twos] C[%v, %v, %v, %v]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>,
       multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %e = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
    memref.store %e, %x[%t] : memref<?xf32>
  )");
  EXPECT_EQ(kernel.run(32), "");
  for (int t = 0; t < 32; ++t) EXPECT_EQ(kernel.x[t], 32 + t);
}

TEST(Simt, AProductInTf32) {
  // A[i][k] is 1 where k = 0 and i for k = 7, else 0; B[k][j] is j + 1: the sum at (i, j) is (i + 1) (j + 1).
  auto text = [](const std::string& rounded) {
    return R"(
      %four = arith.constant 4 : i32
      %eight_f = arith.constant 8.0 : f32
      %one_f = arith.constant 1.0 : f32
      %nothing = arith.constant 0.0 : f32
      %three = arith.constant 3 : i32
      %no = arith.constant 0 : i32
      %i = arith.index_cast %t : index to i32
      %group = arith.divui %i, %four : i32
      %quad = arith.remui %i, %four : i32
      %g = arith.uitofp %group : i32 to f32
      %g8 = arith.addf %g, %eight_f : f32
      %isFirst = arith.cmpi eq, %quad, %no : i32
      %isLast = arith.cmpi eq, %quad, %three : i32
      %left0 = arith.select %isFirst, %one_f, %nothing : f32
      %left2 = arith.select %isLast, %g, %nothing : f32
      %left3 = arith.select %isLast, %g8, %nothing : f32
      %right = arith.addf %g, %one_f : f32
      %A0 = nvvm.convert.float.to.tf32 %left0 {rnd = #nvvm.fp_rnd_mode<rna>}
      %A2 = nvvm.convert.float.to.tf32 %left2 {rnd = #nvvm.fp_rnd_mode<rna>}
      %A3 = nvvm.convert.float.to.tf32 %left3 {rnd = #nvvm.fp_rnd_mode<rna>}
      )" + rounded +
           R"(
      %d = nvvm.mma.sync A[%A0, %A0, %A2, %A3] B[%B, %B] C[%nothing, %nothing, %nothing, %nothing]
        {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<tf32>,
         multiplicandBPtxType = #nvvm.mma_type<tf32>, shape = #nvvm.shape<m = 16, n = 8, k = 8>}
        : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %e = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
      memref.store %e, %x[%t] : memref<?xf32>
    )";
  };
  Kernel kernel(text("%B = nvvm.convert.float.to.tf32 %right {rnd = #nvvm.fp_rnd_mode<rna>}"));
  EXPECT_EQ(kernel.run(32), "");
  for (int t = 0; t < 32; ++t) EXPECT_EQ(kernel.x[t], (t / 4 + 9) * (2 * (t % 4) + 2)) << t;
  const std::string small = "%small = arith.constant 1.0e-3 : f32 %more = arith.addf %right, %small : f32\n";
  EXPECT_SAYS(Kernel(text(small + "%B = arith.bitcast %more : f32 to i32")).run(32), "not rounded to tf32");
}

TEST(Simt, Tf32IsTheNearestAndOfTwoTheFurtherFromZero) {
  Kernel kernel(R"(
    %v = memref.load %x[%t] : memref<?xf32>
    %r = nvvm.convert.float.to.tf32 %v {rnd = #nvvm.fp_rnd_mode<rna>}
    %w = arith.bitcast %r : i32 to f32
    memref.store %w, %x[%t] : memref<?xf32>
  )",
                32);
  const std::pair<float, float> cases[] = {{1, 1},
                                           {1 + 0x1p-11f, 1 + 0x1p-10f},
                                           {-1 - 0x1p-11f, -1 - 0x1p-10f},
                                           {1 + 0x1.fp-12f, 1},
                                           {1 + 0x3p-11f, 1 + 0x1p-9f},
                                           {INFINITY, INFINITY},
                                           {0x1.fffffep127f, INFINITY},
                                           {-0.f, -0.f}};
  for (std::size_t n = 0; n < std::size(cases); ++n) kernel.x[n] = cases[n].first;
  kernel.x[20] = NAN;
  EXPECT_EQ(kernel.run(32), "");
  for (std::size_t n = 0; n < std::size(cases); ++n)
    EXPECT_EQ(std::bit_cast<int>(kernel.x[n]), std::bit_cast<int>(cases[n].second)) << n;
  EXPECT_TRUE(std::isnan(kernel.x[20]));
}

}  // namespace
}  // namespace heed::simt
