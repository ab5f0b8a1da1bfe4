// config.json: what is read of it, and what a contradiction says.
#include "heed/runtime/weights/config.h"

#include <gtest/gtest.h>

#include "heed/runtime/error.h"

namespace heed {
namespace {

constexpr char text[] = R"({"hidden_size": 64, "rms_norm_eps": 1e-05, "hidden_act": "silu", "tie": true, "none": null,
                            "rope_scaling": {"factor": 8.0, "low": [1, -2]}, "eos_token_id": [3, 5]})";

std::string messageOf(auto&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Config, MembersHaveTheirPaths) {
  Config config = Config::parse("config.json", text);
  EXPECT_EQ(config.number("hidden_size"), 64);
  EXPECT_EQ(config.number("rope_scaling.factor"), 8);
  EXPECT_EQ(config.number("rope_scaling.low.1"), -2);
  EXPECT_EQ(config.number("eos_token_id.1"), 5);
  EXPECT_EQ(config.at("hidden_act"), Config::Value("silu"));
  EXPECT_EQ(config.at("tie"), Config::Value(true));
  EXPECT_FALSE(config.number("none"));
  EXPECT_FALSE(config.number("hidden_act"));
}

TEST(Config, OneErrorListsAllContradictions) {
  Config config = Config::parse("config.json", text);
  EXPECT_NO_THROW(
      config.require({{"hidden_size", 64}, {"hidden_act", "silu"}, {"tie", true}, {"absent", 1}, {"none", 2, 2}}));
  EXPECT_NO_THROW(config.require({{"rms_norm_eps", 1e-5}}));
  EXPECT_EQ(messageOf([&] {
              config.require({{"hidden_size", 48}, {"tie", true}, {"rms_norm_eps", 1e-6}});
            }),
            "config.json: hidden_size is 64, rms_norm_eps is 1e-05; the model was compiled for 48, 1e-06; "
            "use its weights with the model they are of");
  EXPECT_NE(messageOf([&] { config.require({{"hidden_act", "gelu"}}); }), "");
  EXPECT_NE(messageOf([&] { config.require({{"hidden_act", 3}}); }), "");
}

TEST(Config, NullIsWhatItStandsFor) {
  Config config = Config::parse("config.json", text);
  EXPECT_EQ(messageOf([&] {
              config.require({{"none", 4096}});
            }),
            "config.json: none is null; the model was compiled for 4096; use its weights with the model they are of");
  EXPECT_NO_THROW(config.require({{"none", "gelu", "gelu"}}));
  EXPECT_NE(messageOf([&] { config.require({{"none", 2, 4}}); }).find("none is null"), std::string::npos);
  EXPECT_NE(messageOf([&] { config.require({{"none", true}}); }).find("none is null"), std::string::npos);
}

TEST(Config, WhatMustNotBeThereIsNamed) {
  Config config = Config::parse("config.json", text);
  EXPECT_NO_THROW(config.require({{"absent", nullptr}, {"none", nullptr}, {"rope", nullptr}}));
  EXPECT_NE(messageOf([&] { config.require({{"tie", nullptr}}); }).find("tie is true"), std::string::npos);
  EXPECT_NE(messageOf([&] {
              config.require({{"rope_scaling", nullptr}});
            }).find("rope_scaling.factor is 8"),
            std::string::npos);
  EXPECT_NE(messageOf([&] {
              config.require({{"none.factor", 8}});
            }).find("none is null; the model was compiled for 8"),
            std::string::npos);
}

TEST(Config, WhatIsNoObjectIsNamed) {
  EXPECT_NE(messageOf([] { Config::parse("c.json", "3"); }).find("c.json: it is a single value"), std::string::npos);
  EXPECT_NE(messageOf([] { Config::parse("c.json", "{\"a\": 1,}"); }).find("c.json"), std::string::npos);
  EXPECT_NE(messageOf([] { Config::parse("c.json", "{\"a\": 1, \"a\": 2}"); }).find("c.json"), std::string::npos);
  EXPECT_TRUE(Config::load("/no/such/folder").empty());
}

}  // namespace
}  // namespace heed
