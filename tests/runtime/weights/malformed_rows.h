// Headers that are wrong in one way each, and what is said of them.
//
// Invariant: a header without its mistake would be a file of `data` bytes of data.
#pragma once

namespace heed::testing {

struct MalformedHeader {
  const char* header;
  int data;             // bytes after it
  const char* message;  // between the file's name and the advice
};

inline constexpr MalformedHeader malformed_headers[] = {
    // What is wrong with the header as a whole.
    {"", 0, "its header begins without a brace; it must be a JSON object"},
    {" {}", 0, "its header begins without a brace; it must be a JSON object"},
    {"[]", 0, "its header begins without a brace; it must be a JSON object"},
    {"\xef\xbb\xbf{}", 0, "its header begins without a brace; it must be a JSON object"},
    {"{", 0, "its JSON has an error at byte 1 of 1: incomplete JSON; JSON is required"},
    {"{}{}", 0, "its JSON is over at byte 2 of 4; nothing may follow the closing brace"},
    {"{}x", 0, "its JSON is over at byte 2 of 3; nothing may follow the closing brace"},
    {"{a:1}", 0, "its JSON has an error at byte 1 of 5: syntax error; JSON is required"},
    {"{,}", 0, "its JSON has an error at byte 1 of 3: syntax error; JSON is required"},
    {"{/**/}", 0, "its JSON has an error at byte 1 of 6: syntax error; JSON is required"},
    // What is wrong with one entry.
    {R"({"a":1})", 0, R"(tensor "a": it is the number 1; a tensor is an object of dtype, shape and data_offsets)"},
    {R"({"a":null})", 0, R"(tensor "a": it is null; a tensor is an object of dtype, shape and data_offsets)"},
    {R"({"a":true})", 0, R"(tensor "a": it is true; a tensor is an object of dtype, shape and data_offsets)"},
    {R"({"a":[]})", 0, R"(tensor "a": it is a list; a tensor is an object of dtype, shape and data_offsets)"},
    {R"({"a":"F32"})", 0, R"(tensor "a": it is a string; a tensor is an object of dtype, shape and data_offsets)"},
    {R"({"a":{}})", 0, R"(tensor "a": it has no dtype; dtype, shape and data_offsets are required)"},
    {R"({"a":{"dtype":"F32"}})", 0, R"(tensor "a": it has no shape; dtype, shape and data_offsets are required)"},
    {R"({"a":{"dtype":"F32","shape":[]}})", 0,
     R"(tensor "a": it has no data_offsets; dtype, shape and data_offsets are required)"},
    {R"({"a":{"stride":[1]}})", 0,
     R"(tensor "a": it has the key "stride"; dtype, shape and data_offsets are all there is)"},
    // Keys that come twice.
    {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
     0, R"(the key "a" comes twice in one object; a key comes once)"},
    {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
     0, R"(the key "a" comes twice in one object; a key comes once)"},
    {R"({"a":{"dtype":"F32","dtype":"F32"}})", 0, R"(the key "dtype" comes twice in one object; a key comes once)"},
    {R"({"__metadata__":{"k":"1","k":"2"}})", 0, R"(the key "k" comes twice in one object; a key comes once)"},
    {R"({"__metadata__":{},"__metadata__":{}})", 0,
     R"(the key "__metadata__" comes twice in one object; a key comes once)"},
    // Metadata.
    {R"({"__metadata__":{"k":1}})", 0, R"(__metadata__ has the number 1 under "k"; it maps strings to strings)"},
    {R"({"__metadata__":{"k":null}})", 0, R"(__metadata__ has null under "k"; it maps strings to strings)"},
    {R"({"__metadata__":{"k":{}}})", 0, R"(__metadata__ has an object under "k"; it maps strings to strings)"},
    {R"({"__metadata__":{"k":["v"]}})", 0, R"(__metadata__ has a list under "k"; it maps strings to strings)"},
    {R"({"__metadata__":"pt"})", 0, "__metadata__ is a string; it maps strings to strings"},
    // Types.
    {R"({"a":{"dtype":7}})", 0, R"(tensor "a": its dtype is the number 7; a dtype is a string)"},
    {R"({"a":{"dtype":["F32"]}})", 0, R"(tensor "a": its dtype is a list; a dtype is a string)"},
    {R"({"a":{"dtype":"f32"}})", 0,
     R"(tensor "a": its dtype is "f32"; the format has F4 F6_E2M3 F6_E3M2 BOOL F8_E4M3 F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ F8_E8M0 I8 U8 BF16 F16 I16 U16 F32 I32 U32 C64 F64 I64 U64)"},
    // Shapes.
    {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has the number 2; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":{},"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has an object; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has a list; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has a string; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has -2; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}})", 0,
     R"(tensor "a": its shape has -0; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has 2.0; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has 2e0; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}})", 8,
     "its JSON has an error at byte 30 of 55: syntax error; JSON is required"},
    {R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has the number 9223372036854775808; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": its shape has 18446744073709551616; a shape is a list of whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}})", 8,
     R"(tensor "a": it is F32[9223372036854775807]; its bytes must be a whole 63-bit number)"},
    {R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", 2,
     R"(tensor "a": it is F4[3]; its bytes must be a whole 63-bit number)"},
    // Offsets.
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8,
     R"(tensor "a": its data_offsets have a list of 1; data_offsets are a list of two whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}})", 8,
     R"(tensor "a": its data_offsets have a list of 3; data_offsets are a list of two whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":{"begin":0}}})", 8,
     R"(tensor "a": its data_offsets have an object; data_offsets are a list of two whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,-8]}})", 8,
     R"(tensor "a": its data_offsets have -8; data_offsets are a list of two whole numbers below 2^63)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8,
     R"(tensor "a": its data_offsets are 8 and 0; they must rise within the file's 8 bytes of data)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7,
     R"(tensor "a": its data_offsets are 0 and 8; they must rise within the file's 7 bytes of data)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}})", 8,
     R"(tensor "a": its data_offsets are 9223372036854775800 and 9223372036854775807; they must rise within the file's 8 bytes of data)"},
    {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, R"(tensor "a": it has 8 bytes; F32[3] takes 12)"},
    {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}})", 4, R"(tensor "a": it has 4 bytes; F32[0] takes 0)"},
    // What the tensors cover.
    {"{}", 1, "1 bytes follow the last tensor; each byte belongs to one tensor"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9,
     "1 bytes follow the last tensor; each byte belongs to one tensor"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
     "no tensor has bytes 0 to 4; each byte belongs to one tensor"},
    {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
     12, "no tensor has bytes 4 to 8; each byte belongs to one tensor"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
     12, R"(tensors "a" and "b" overlap; each byte belongs to one tensor)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
     8, R"(tensors "a" and "b" overlap; each byte belongs to one tensor)"},
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}})",
     8, R"(tensors "a" and "b" overlap; each byte belongs to one tensor)"},
    // Names that would forge a line of the log.
    {R"({"a\nf: fine\u001b[2K\u202e":1})", 0,
     R"(tensor "a\x0af: fine\x1b[2K\xe2\x80\xae": it is the number 1; a tensor is an object of dtype, shape and data_offsets)"},
};

}  // namespace heed::testing
