// SPDX-License-Identifier: Apache-2.0
#include "model/named_code.hpp"

#include "support/catch.hpp"

using namespace upinspect;
using namespace upinspect::model;

TEST_CASE("templates are judged by the names and statements within their tags") {
  CHECK(way_out_of_template("{{ cycler.__init__.__globals__ }}") == "cycler");
  CHECK(way_out_of_template("{{ ''.__class__.__mro__[1].__subclasses__() }}") == "__class__");
  CHECK(way_out_of_template("{{ x|attr('a') }}") == "attr(");
  CHECK(way_out_of_template("{%- import 'x' as y %}") == "import");
  CHECK(way_out_of_template("{% include\"x\" %}") == "include");
  CHECK(way_out_of_template("text {{ lipsum(5)") == "lipsum");
  CHECK(way_out_of_template("{% for m in messages %}{{ m['content'] }}{% endfor %}").empty());
  CHECK(way_out_of_template("{% set ns = namespace(found=false) %}import cycler, __name__ and attr(").empty());
  CHECK(way_out_of_template("class A:\n  def __init__(self): pass").empty());
  CHECK(way_out_of_template("{{ recycler }} {{ setattr(x) }} {% set importance = 1 %}").empty());
  CHECK(way_out_of_template("{").empty());
  CHECK(way_out_of_template("").empty());
}

TEST_CASE("targets of Hydra are found in JSON, in JSON within text and in YAML") {
  const auto target = [](std::string_view text) {
    const auto code = code_in_text("k", text);
    return code ? code->message.substr(0, code->message.find(',')) : std::string();
  };
  CHECK(target(R"({"_target_": "os.system"})") == "_target_ names os.system");
  CHECK(target(R"({\"_target_\": \"os.system\"})") == "_target_ names os.system");
  CHECK(target("a:\n  _target_: nemo.core.Model\n  b: 1") == "_target_ names nemo.core.Model");
  CHECK(target("_target_ is a word, _target_: x.y") == "_target_ names x.y");
  CHECK(target("_target_").empty());
  CHECK(target("_target_:").empty());
  CHECK(code_in_text("k", "_target_: os.system")->severity == Severity::error);
  CHECK(code_in_text("k", "_target_: pathlib.os.system")->severity == Severity::error);
  CHECK(code_in_text("k", "_target_: nemo.core.Model")->severity == Severity::warning);
  CHECK(code_in_text("k", "_target_: " + std::string(10'000, 'a'))->message.size() < 400);
}

TEST_CASE("members that ask for code count where they are set") {
  CHECK(code_in_member("auto_map", {}, true)->id == "config.remote-code");
  CHECK_FALSE(code_in_member("auto_map", {}, false));
  CHECK(code_in_member("trust_remote_code", {}, true)->id == "config.remote-code");
  CHECK(code_in_member("_target_", "builtins.eval", true)->severity == Severity::error);
  CHECK_FALSE(code_in_member("_target_", "", true));
  CHECK_FALSE(code_in_member("target", "builtins.eval", true));
}
