// The largest error of each function over all 2^32 inputs, on one instruction set (the argument; default: the host's).
// Ends with status 1 when a limit of math/passes.td is exceeded.
#include <cstdio>
#include <string_view>
#include <thread>

#include "heed/tests/codegen/math/ulp.h"

using namespace heed::testing;

int main(int count, char** arguments) {
  auto target = heed::codegen::targetFor(count > 1 ? arguments[1] : "");
  if (!target || !target->runsHere) return std::puts("no such instruction set here"), 2;
  bool good = true;
  for (const MathFunction& f : mathFunctions) {
    if (count > 2 && std::string_view(arguments[2]) != f.name) continue;
    auto run = compiledFunction(f.name, *target);
    constexpr std::int64_t block = 1 << 22, blocks = 1024;
    std::vector<WorstCase> worst(std::max(1u, std::thread::hardware_concurrency()));
    std::vector<std::thread> workers;
    for (std::size_t w = 0; w < worst.size(); ++w)
      workers.emplace_back([&, w] {
        for (std::int64_t n = w; n < blocks; n += worst.size()) {
          WorstCase here = worstCase(f, run, std::uint64_t(n) * block, 1, block);
          if (here.ulp > worst[w].ulp) worst[w] = here;
        }
      });
    for (auto& worker : workers) worker.join();
    for (auto& each : worst)
      if (each.ulp > worst[0].ulp) worst[0] = each;
    good &= worst[0].ulp <= f.limit;
    std::printf("%-6s %.4f ULP at %a (limit %g)\n", f.name, worst[0].ulp, worst[0].x, f.limit);
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}
