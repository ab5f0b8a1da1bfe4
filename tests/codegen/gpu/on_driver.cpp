#include "on_driver.h"

#include "../../runtime/cuda/fake_driver.h"
#include "heed/runtime/cuda/device.h"

namespace heed::testing {

struct OnDriver::Parts {
  cuda::test::Fake fake;
  const cuda::Driver table = cuda::test::Fake::table();
};

OnDriver::OnDriver() : parts_(std::make_unique<Parts>()) {}
OnDriver::~OnDriver() = default;

std::unique_ptr<Device> OnDriver::open(std::shared_ptr<simt::Program> program) {
  cuda::test::Fake& fake = parts_->fake;
  fake.run = [&fake, program](const cuda::test::Launched& kernel) {
    simt::Memory memory;
    for (auto [begin, bytes] : fake.memory) memory.add(begin, std::int64_t(bytes));
    program->run({kernel.kernel, kernel.blocks, kernel.threads, kernel.shared, kernel.record.data(),
                  std::int64_t(kernel.record.size())},
                 memory);
  };
  return cuda::open({80, false, 71}, parts_->table);
}

OnDriver::Asked OnDriver::asked() {
  cuda::test::Fake& fake = parts_->fake;
  const Asked asked{int(fake.launches.size()), fake.graph_launches, fake.updates};
  fake.launches.clear(), fake.graph_launches = fake.updates = 0;
  return asked;
}

bool OnDriver::clean() const { return parts_->fake.clean(); }

}  // namespace heed::testing
