// A driver of our own making, in memory of the host: it counts what is taken and given back, and fails where it is
// told.
#pragma once

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "heed/runtime/cuda/driver.h"

namespace heed::cuda::test {

struct Launched {
  std::string kernel;
  unsigned blocks, threads, shared;
  std::string record;
};

/// A graph, and what was made of one to run: the kernels that are its nodes, of which each waits for the one before.
struct Chain {
  std::vector<Launched> kernels;
};

/// One at a time: the entries are plain functions.
struct Fake {
  int release = 12080, gpus = 1, capability = 90, shared = 227 * 1024;
  std::size_t free_bytes = 1 << 20;
  Result loading = success, launching = success, starting = success;
  std::string failing = "";                       // an entry for graphs, by its member's name in the table
  std::string log = "";                           // what the driver says of the code it refuses
  std::function<void(const Launched&)> run = {};  // the kernels

  int contexts = 0, depth = 0, streams = 0, events = 0, modules = 0, uploads = 0, downloads = 0;
  std::map<void*, std::size_t> memory;
  std::vector<Launched> launches;
  int shared_asked = 0;
  int graphs = 0, runs = 0, updates = 0, graph_launches = 0;
  bool in_order = true;  // no module went before a graph of its kernels

  Fake() { now = this; }
  ~Fake() { now = nullptr; }
  bool clean() const {
    return !contexts && !depth && !streams && !events && !modules && !graphs && !runs && memory.empty() && in_order;
  }
  void start(const Launched& launched) {
    launches.push_back(launched);
    if (run) run(launched);
  }
  Result told(const char* entry) const { return failing == entry ? Result(700) : Result(success); }

  static inline Fake* now = nullptr;
  static inline std::vector<std::string> names;  // a function is its number here, from 1

  static Driver table() {
    Driver t;
    t.init = [](unsigned) { return now->starting; };
    t.version = [](int* release) { return *release = now->release, Result(success); };
    t.count = [](int* count) { return *count = now->gpus, Result(success); };
    t.device = [](DeviceNumber* device, int) { return *device = 0, Result(success); };
    t.name = [](char* name, int bytes, DeviceNumber) { return std::strncpy(name, "Fake 1", bytes), Result(success); };
    t.attribute = [](int* value, Attribute attribute, DeviceNumber) {
      *value = attribute == capability_major   ? now->capability / 10
               : attribute == capability_minor ? now->capability % 10
                                               : now->shared;
      return Result(success);
    };
    t.retain = [](Context* context, DeviceNumber) { return *context = nullptr, ++now->contexts, Result(success); };
    t.release = [](DeviceNumber) { return --now->contexts, Result(success); };
    t.push = [](Context) { return ++now->depth, Result(success); };
    t.pop = [](Context*) { return --now->depth, Result(success); };
    t.createStream = [](Stream* stream, unsigned) { return *stream = nullptr, ++now->streams, Result(success); };
    t.destroyStream = [](Stream) { return --now->streams, Result(success); };
    t.synchronize = [](Stream) { return Result(success); };
    t.createEvent = [](Event* event, unsigned) { return *event = nullptr, ++now->events, Result(success); };
    t.destroyEvent = [](Event) { return --now->events, Result(success); };
    t.recordEvent = [](Event, Stream) { return Result(success); };
    t.elapsed = [](float* milliseconds, Event, Event) { return *milliseconds = 6, Result(success); };
    t.memory = [](std::size_t* free, std::size_t* total) {
      *free = now->free_bytes, *total = 1 << 20;
      return Result(success);
    };
    t.allocate = [](Address* address, std::size_t bytes) {
      if (bytes > now->free_bytes) return Result(out_of_memory);
      void* memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
      now->memory[memory] = bytes;
      return *address = reinterpret_cast<Address>(memory), Result(success);
    };
    t.deallocate = [](Address address) {
      auto* memory = reinterpret_cast<void*>(address);
      if (!now->memory.erase(memory)) return Result(1);
      return std::free(memory), Result(success);
    };
    t.upload = [](Address to, const void* from, std::size_t bytes, Stream) {
      return std::memcpy(reinterpret_cast<void*>(to), from, bytes), ++now->uploads, Result(success);
    };
    t.download = [](void* to, Address from, std::size_t bytes, Stream) {
      return std::memcpy(to, reinterpret_cast<void*>(from), bytes), ++now->downloads, Result(success);
    };
    t.load = [](Module* module, const void*, unsigned, JitOption*, void** values) {
      std::strcpy(static_cast<char*>(values[0]), now->log.c_str());
      if (now->loading == success) ++now->modules, *module = nullptr;
      return now->loading;
    };
    t.unload = [](Module) { return now->in_order &= !now->runs, --now->modules, Result(success); };
    t.function = [](Function* function, Module, const char* name) {
      names.push_back(name);
      return *function = reinterpret_cast<Function>(names.size()), Result(success);
    };
    t.setAttribute = [](Function, FunctionAttribute, int value) { return now->shared_asked = value, Result(success); };
    t.functionAttribute = [](int* value, FunctionAttribute attribute, Function) {
      return *value = attribute == registers ? 96 : 0, Result(success);
    };
    t.launch = [](Function function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned,
                  unsigned shared, Stream, void**, void** extra) {
      if (now->launching == success) now->start(launched({function, {blocks}, {threads}, shared, nullptr, extra}));
      return now->launching;
    };
    withGraphs(t);
    t.errorName = [](Result result, const char** text) {
      *text = result == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_OF_THE_FAKE";
      return Result(success);
    };
    t.errorText = [](Result, const char** text) { return *text = "it was told to", Result(success); };
    return t;
  }

 private:
  static Launched launched(const KernelNode& kernel) {
    std::size_t bytes = *static_cast<std::size_t*>(kernel.extra[3]);
    return {names[reinterpret_cast<std::size_t>(kernel.function) - 1], kernel.grid[0], kernel.block[0],
            kernel.shared_bytes, std::string(static_cast<char*>(kernel.extra[1]), bytes)};
  }

  static void withGraphs(Driver& t) {
    t.createGraph = [](Graph* graph, unsigned) {
      Result result = now->told("createGraph");
      if (result == success) ++now->graphs, *graph = reinterpret_cast<Graph>(new Chain);
      return result;
    };
    t.destroyGraph = [](Graph graph) {
      return delete reinterpret_cast<Chain*>(graph), --now->graphs, now->told("destroyGraph");
    };
    // A node is its number, from 1.
    t.addKernel = [](GraphNode* node, Graph graph, const GraphNode* after, std::size_t count,
                     const KernelNode* kernel) {
      auto& kernels = reinterpret_cast<Chain*>(graph)->kernels;
      if (count != !kernels.empty() || (count && reinterpret_cast<std::size_t>(*after) != kernels.size()))
        return Result(1);
      if (now->told("addKernel") == success) kernels.push_back(launched(*kernel));
      return *node = reinterpret_cast<GraphNode>(kernels.size()), now->told("addKernel");
    };
    t.instantiate = [](GraphRun* run, Graph graph, unsigned long long) {
      Result result = now->told("instantiate");
      if (result == success)
        ++now->runs, *run = reinterpret_cast<GraphRun>(new Chain(*reinterpret_cast<Chain*>(graph)));
      return result;
    };
    t.setKernel = [](GraphRun run, GraphNode node, const KernelNode* kernel) {
      Launched& known = reinterpret_cast<Chain*>(run)->kernels[reinterpret_cast<std::size_t>(node) - 1];
      Launched next = launched(*kernel);
      if (next.kernel != known.kernel) return Result(1);  // the driver does not change functions
      return known = next, ++now->updates, now->told("setKernel");
    };
    t.destroyRun = [](GraphRun run) {
      return delete reinterpret_cast<Chain*>(run), --now->runs, now->told("destroyRun");
    };
    t.launchGraph = [](GraphRun run, Stream) {
      Result result = now->told("launchGraph");
      if (result != success) return result;
      ++now->graph_launches;
      for (const Launched& kernel : reinterpret_cast<Chain*>(run)->kernels) now->start(kernel);
      return result;
    };
  }
};

}  // namespace heed::cuda::test
