// A tape written by hand, one node a call.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "heed/dsl/tape.h"

namespace heed::test {

inline constexpr AxisInfo seq{"seq", "T", -1}, key{"key", "T", -1}, depth{"depth", "", 4};
inline constexpr const AxisInfo *qAxes[] = {&seq, &depth}, *kAxes[] = {&key, &depth}, *sAxes[] = {&seq, &key},
                                *iAxes[] = {&key};
inline constexpr TypeInfo q{DType::f32, 2, qAxes}, k{DType::f32, 2, kAxes}, s{DType::f32, 2, sAxes},
    i{DType::i32, 1, iAxes}, one{DType::f32, 0, nullptr};

struct HandTape {
  std::vector<tape::Node> nodes;
  std::vector<ValueInfo> values;
  std::vector<std::uint32_t> operands;
  std::vector<tape::Attribute> attributes;
  std::vector<tape::Scope> scopes{{}};

  /// Returns the id of the first result.
  std::uint32_t add(std::string_view op, std::initializer_list<std::uint32_t> ids,
                    std::initializer_list<const TypeInfo*> types, std::initializer_list<tape::Attribute> with = {},
                    std::uint32_t scope = 0, std::uint32_t line = 1) {
    auto range = [](std::size_t begin, std::size_t count) {
      return tape::Range{std::uint32_t(begin), std::uint32_t(count)};
    };
    nodes.push_back({op,
                     range(operands.size(), ids.size()),
                     range(values.size(), types.size()),
                     range(attributes.size(), with.size()),
                     scope,
                     {"model.cpp", line}});
    operands.insert(operands.end(), ids);
    attributes.insert(attributes.end(), with);
    for (const TypeInfo* type : types) values.push_back({type});
    return nodes.back().results.begin;
  }

  GraphView view(std::string_view name = "f") const {
    return {tape_version,
            name,
            {nodes.data(), nodes.size()},
            {values.data(), values.size()},
            {operands.data(), operands.size()},
            {attributes.data(), attributes.size()},
            {scopes.data(), scopes.size()}};
  }
};

inline tape::Attribute axis(std::string_view name, const AxisInfo& a) {
  return {name, tape::Attribute::Kind::axis, 0, 0, {}, &a};
}
inline tape::Attribute real(std::string_view name, double x) {
  return {name, tape::Attribute::Kind::real, 0, x, {}, nullptr};
}
inline tape::Attribute integer(std::string_view name, std::int64_t x) {
  return {name, tape::Attribute::Kind::integer, x, 0, {}, nullptr};
}
inline tape::Attribute text(std::string_view name, std::string_view x) {
  return {name, tape::Attribute::Kind::text, 0, 0, x, nullptr};
}

}  // namespace heed::test
