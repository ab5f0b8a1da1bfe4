#include "heed/runtime/device_session.h"

#include <algorithm>
#include <utility>

#include "heed/runtime/session.h"
#include "heed/runtime/view.h"

namespace heed {

DeviceSession::~DeviceSession() {
  device_->release(arena_.memory);
  device_->release(shared_.memory);
  releaseOutgrown();
  for (Mirror& mirror : mirrors_) device_->release(mirror.copy.memory);
}

void DeviceSession::grow(Block& block, std::int64_t bytes) {
  if (bytes <= block.bytes) return;
  device_->release(block.memory);
  block = {};
  block.memory = device_->allocate(bytes);
  block.bytes = bytes;
}

void* DeviceSession::arena(std::int64_t bytes) {
  grow(arena_, std::max<std::int64_t>(bytes, 1));
  return arena_.memory;
}

void* DeviceSession::shared(std::int64_t bytes) {
  if (bytes > shared_.bytes) {
    if (shared_.memory) outgrown_.push_back(std::exchange(shared_, {}).memory);
    grow(shared_, bytes);
  }
  return shared_.memory;
}

void DeviceSession::releaseOutgrown() {
  for (void* memory : std::exchange(outgrown_, {})) device_->release(memory);
}

// A descriptor is: allocated, aligned, offset, sizes, strides; see abi.h.
void DeviceSession::describe(Mirror& mirror, const TensorSpec& spec, const void* descriptor) {
  auto* words = static_cast<const std::int64_t*>(descriptor);
  const int rank = spec.rank(), element = elementBytes(spec.dtype);
  mirror.words.assign(words, words + 3 + 2 * rank);
  std::int64_t last = 0, count = 1;
  for (int i = 0; i < rank; ++i) {
    last += (words[3 + i] - 1) * words[3 + rank + i];
    count *= words[3 + i];
  }
  mirror.bytes = count == 0 ? 0 : (last + 1) * element;
  mirror.dense = mirror.bytes == count * element;
  mirror.host = reinterpret_cast<const char*>(words[1]) + words[2] * element;
  grow(mirror.copy, std::max<std::int64_t>(mirror.bytes, 1));
  mirror.words[0] = mirror.words[1] = reinterpret_cast<std::int64_t>(mirror.copy.memory);
  mirror.words[2] = 0;
}

// What fails on the host launches nothing.
void DeviceSession::run(Session& session, abi::Entry entry, void** arguments) {
  releaseOutgrown();
  kernels_.clear();
  entry(&session, arguments);
  device_->run(kernels_);
}

void DeviceSession::call(Session& session, abi::Entry entry, const Signature& signature, void** arguments) {
  std::vector<const TensorSpec*> specs;
  for (const TensorSpec& spec : signature.inputs) specs.push_back(&spec);
  const std::size_t parameters = specs.size();
  for (const TensorSpec& spec : signature.parameters) specs.push_back(&spec);
  const std::size_t states = specs.size();
  for (const StateSpec& state : signature.states) specs.push_back(&state.tensor);
  const std::size_t results = specs.size();
  for (const TensorSpec& spec : signature.results) specs.push_back(&spec);

  mirrors_.resize(specs.size());
  std::vector<void*> pointers;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Mirror& mirror = mirrors_[i];
    describe(mirror, *specs[i], arguments[i]);
    bool counts = i >= states && i < results && signature.states[i - states].memory < 0;  // the host counts tokens
    bool upload = i >= results      ? !mirror.dense
                  : i >= states     ? counts || !states_known_
                  : i >= parameters ? !parameters_known_
                                    : true;
    if (upload && mirror.bytes) device_->upload(mirror.copy.memory, mirror.host, mirror.bytes);
    pointers.push_back(mirror.words.data());
  }
  run(session, entry, pointers.data());
  for (std::size_t i = results; i < specs.size(); ++i)
    if (mirrors_[i].bytes)
      device_->download(const_cast<void*>(mirrors_[i].host), mirrors_[i].copy.memory, mirrors_[i].bytes);
  parameters_known_ = states_known_ = true;
}

Executable::Call deviceCall(abi::Entry entry, Signature signature, DeviceFactory open) {
  return [entry, signature = std::move(signature), open = std::move(open)](Session& session, void** arguments) {
    session.device(open).call(session, entry, signature, arguments);
  };
}

}  // namespace heed
