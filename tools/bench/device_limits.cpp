#include "device_limits.h"

#include "heed/runtime/cuda/device.h"
#include "heed/runtime/launches.h"

namespace heed::bench {
namespace {

constexpr std::int64_t memoryBytes = std::int64_t(1) << 29;  // each half is far beyond the second-level cache
constexpr std::int64_t blockBytes = 256 * 16 * 4;            // of a block that reads or copies
constexpr int rounds = 512;

std::string list(const std::string& prefix, int first, int count) {
  std::string text;
  for (int n = 0; n < count; ++n) text += (n ? ", " : "") + prefix + std::to_string(first + n);
  return "{" + text + "}";
}

/// A kernel: registers, the numbers that threads begin with, a loop, and a store that never happens but keeps it all.
std::string kernel(const std::string& target, int floats, const std::string& start, const std::string& loop,
                   bool exact) {
  std::string sum, zero;
  for (int n = 0; n < floats; ++n) {
    zero += "  cvt.rn.f32.u32 %f" + std::to_string(n) + ", %r0;\n";
    sum += "  add.f32 %s, %s, %f" + std::to_string(n) + ";\n";
  }
  return std::string(".version ") + (exact ? "8.0" : "7.1") + "\n.target " + target +
         "\n.address_size 64\n.extern .shared .align 1024 .b8 memory[];\n"
         ".visible .entry limit(.param .align 8 .b8 record[16]) {\n"
         "  .reg .f32 %f<" +
         std::to_string(floats) +
         ">, %s;\n  .reg .b32 %r<16>, %i;\n"
         "  .reg .b64 %d<12>;\n  .reg .pred %p, %q;\n"
         "  mov.u32 %r0, %tid.x;\n  ld.param.u64 %d0, [record];\n  cvta.to.global.u64 %d0, %d0;\n" +
         zero +
         // Numbers of either sign between 1 and 2: what they are costs power, and power costs speed.
         "  mov.u32 %r7, %ctaid.x;\n  mad.lo.u32 %r1, %r0, 747796405, %r7;\n" + start + "  mov.u32 %i, 0;\nturn:\n" +
         loop + "  add.u32 %i, %i, 1;\n  setp.lt.u32 %p, %i, " + std::to_string(rounds) +
         ";\n  @%p bra turn;\n  mov.f32 %s, 0f00000000;\n" + sum +
         "  setp.eq.f32 %q, %s, 0f12345678;\n  @%q st.global.f32 [%d0], %s;\n  ret;\n}\n";
}

/// "k16.f32.bf16.bf16": how deep one product is, what it is summed in, and of what.
std::string depthAndTypes(Narrow type, const std::string& order, const std::string& end) {
  const bool tf32 = type == Narrow::tf32;
  const std::string name = tf32 ? ".tf32" : ".bf16";
  return (tf32 ? "k8" : "k16") + order + ".f32" + name + name + end;
}
int depthOf(Narrow type) { return type == Narrow::tf32 ? 8 : 16; }

/// The next number of %r1, as two bf16 in `to`; as tf32 it has the bits of the first, and a few of the other.
std::string random(const std::string& to) {
  return "  mad.lo.u32 %r1, %r1, 747796405, 2891336453;\n  and.b32 " + to + ", %r1, 0x807f807f;\n  or.b32 " + to +
         ", " + to + ", 0x3f803f80;\n";
}

}  // namespace

LimitKernel fmaKernel() {
  constexpr int chains = 16, unrolled = 4;
  std::string loop;
  for (int n = 0; n < chains * unrolled; ++n) {
    std::string f = "%f" + std::to_string(n % chains);
    loop +=
        "  fma.rn.f32 " + f + ", " + f + ", %f" + std::to_string(chains) + ", %f" + std::to_string(chains + 1) + ";\n";
  }
  return {kernel("sm_80", chains + 2, "", loop, false), 256, 0, 2. * 256 * rounds * chains * unrolled};
}

LimitKernel mmaKernel(Narrow type) {
  constexpr int chains = 8, unrolled = 2;
  std::string start, loop;
  for (int n = 8; n < 14; ++n) start += random("%r" + std::to_string(n));
  for (int n = 0; n < chains * unrolled; ++n) {
    std::string d = list("%f", 4 * (n % chains), 4);
    loop += "  mma.sync.aligned.m16n8" + depthAndTypes(type, ".row.col", ".f32 ") + d +
            ", {%r8, %r9, %r10, %r11}, {%r12, %r13}, " + d + ";\n";
  }
  return {kernel("sm_80", 4 * chains, start, loop, false), 256, 0,
          8. * rounds * chains * unrolled * 2 * 16 * 8 * depthOf(type)};
}

LimitKernel wgmmaKernel(Narrow type) {
  // 64 rows of the left operand, 256 of the right, of 128 bytes with that swizzle: 64 numbers of bf16, 32 of tf32.
  constexpr int unrolled = 4, left = 64 * 128, right = 256 * 128;
  std::string start = "  mov.u32 %r2, %r0;\nfill:\n" + random("%r3") +
                      "  shl.b32 %r4, %r2, 2;\n  mov.u32 %r5, memory;\n  add.u32 %r4, %r4, %r5;\n"
                      "  st.shared.u32 [%r4], %r3;\n  add.u32 %r2, %r2, 128;\n  setp.lt.u32 %p, %r2, " +
                      std::to_string((left + right) / 4) +
                      ";\n  @%p bra fill;\n  fence.proxy.async;\n  bar.sync 0;\n"
                      // PTX ISA, "Matrix descriptor": address, leading and stride offsets in 16 bytes, swizzle of 128.
                      "  mov.u32 %r5, memory;\n  shr.u32 %r5, %r5, 4;\n  and.b32 %r5, %r5, 16383;\n"
                      "  cvt.u64.u32 %d1, %r5;\n  or.b64 %d1, %d1, " +
                      std::to_string((std::uint64_t(1) << 62) | (std::uint64_t(64) << 32) | (1 << 16)) +
                      ";\n  add.u64 %d2, %d1, " + std::to_string(left / 16) + ";\n  setp.eq.u32 %q, %r0, %r0;\n";
  for (int k = 1; k < 4; ++k)
    start += "  add.u64 %d" + std::to_string(2 * k + 1) + ", %d1, " + std::to_string(2 * k) + ";\n  add.u64 %d" +
             std::to_string(2 * k + 2) + ", %d2, " + std::to_string(2 * k) + ";\n";
  std::string loop = "  wgmma.fence.sync.aligned;\n";
  for (int n = 0; n < 4 * unrolled; ++n)
    loop += "  wgmma.mma_async.sync.aligned.m64n256" + depthAndTypes(type, "", " ") + list("%f", 0, 128) + ", %d" +
            std::to_string(2 * (n % 4) + 1) + ", %d" + std::to_string(2 * (n % 4) + 2) +
            (type == Narrow::tf32 ? ", %q, 1, 1;\n" : ", %q, 1, 1, 0, 0;\n");
  loop += "  wgmma.commit_group.sync.aligned;\n  wgmma.wait_group.sync.aligned 0;\n";
  return {kernel("sm_90a", 128, start, loop, true), 128, left + right,
          4. * unrolled * rounds * 2 * 64 * 256 * depthOf(type)};
}

namespace {

/// Four pieces of 16 bytes for each thread.
std::string moving(bool writes) {
  std::string text =
      ".version 7.1\n.target sm_80\n.address_size 64\n"
      ".visible .entry limit(.param .align 8 .b8 record[16]) {\n  .reg .b32 %r<20>;\n  .reg .b64 %d<6>;\n"
      "  .reg .pred %p;\n  ld.param.u64 %d0, [record];\n  ld.param.u64 %d1, [record+8];\n"
      "  cvta.to.global.u64 %d0, %d0;\n  cvta.to.global.u64 %d1, %d1;\n  mov.u32 %r16, %ctaid.x;\n"
      "  mov.u32 %r17, %tid.x;\n  mul.wide.u32 %d2, %r16, " +
      std::to_string(blockBytes) +
      ";\n  mul.wide.u32 %d3, %r17, 16;\n  add.u64 %d2, %d2, %d3;\n  add.u64 %d0, %d0, %d2;\n  add.u64 %d1, %d1, "
      "%d2;\n";
  auto at = [](const char* base, int n) { return std::string("[") + base + "+" + std::to_string(4096 * n) + "]"; };
  for (int n = 0; n < 4; ++n) text += "  ld.global.v4.u32 " + list("%r", 4 * n, 4) + ", " + at("%d0", n) + ";\n";
  if (writes) {
    for (int n = 0; n < 4; ++n) text += "  st.global.v4.u32 " + at("%d1", n) + ", " + list("%r", 4 * n, 4) + ";\n";
  } else {
    for (int n = 1; n < 16; ++n) text += "  xor.b32 %r0, %r0, %r" + std::to_string(n) + ";\n";
    text += "  setp.eq.u32 %p, %r0, 305419896;\n  @%p st.global.u32 [%d1], %r0;\n";
  }
  return text + "  ret;\n}\n";
}

}  // namespace

LimitKernel readKernel() { return {moving(false), 256, 0, double(blockBytes)}; }
LimitKernel copyKernel() { return {moving(true), 256, 0, 2. * blockBytes}; }

DeviceLimits::DeviceLimits() : fma_(fmaKernel()), read_(readKernel()), copy_(copyKernel()) {
  bool hopper = cuda::generation() == 90;
  narrow_ = hopper ? wgmmaKernel() : mmaKernel();
  tf32_ = hopper ? wgmmaKernel(Narrow::tf32) : mmaKernel(Narrow::tf32);
  narrow_by_ = hopper ? "wgmma" : "mma.sync";
  device_ = cuda::open({80, false, 71});
  memory_ = device_->allocate(memoryBytes);
}

DeviceLimits::~DeviceLimits() { device_->release(memory_); }

double DeviceLimits::rate(const LimitKernel& kernel, std::int64_t blocks) {
  char* half = static_cast<char*>(memory_) + memoryBytes / 2;
  void* record[] = {memory_, half};
  Launches one;
  one.add({kernel.ptx.c_str(), kernel.name.c_str(), blocks, kernel.threads, kernel.shared, record, sizeof record});
  device_->run(one);
  char word[4];
  device_->download(word, memory_, sizeof word);  // the first time is no measurement
  double seconds = device_->replay(one, 1);
  for (int n = 0; n < 2; ++n) seconds = std::min(seconds, device_->replay(one, 1));
  return kernel.work * double(blocks) / seconds * 1e-9;
}

double DeviceLimits::fma() { return rate(fma_, 4096); }
double DeviceLimits::narrow() { return rate(narrow_, 4096); }
double DeviceLimits::tf32() { return rate(tf32_, 4096); }
double DeviceLimits::read() { return rate(read_, memoryBytes / 2 / blockBytes); }
double DeviceLimits::copy() { return rate(copy_, memoryBytes / 2 / blockBytes); }

}  // namespace heed::bench
