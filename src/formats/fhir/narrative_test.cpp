// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/narrative.hpp"

#include <gtest/gtest.h>

#include <string>

namespace consilium::formats::fhir {
namespace {

std::string div(const std::string& inside) {
    return "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + inside + "</div>";
}

TEST(ActiveContent, IsNotInPlainText) {
    for (const char* good :
         {"a = b: \"javascript:\" is only text", "<a href=\"http://example.org/a:b\">x</a>",
          "<a href='Patient/1'>x</a>", "<a href=\"#part\">x</a>",
          "<a href=\"?a=b&amp;c=d:e\">x</a>", "<a href=\"mailto:a@example.org\">x</a>",
          "<a href=\"ftp://example.org/x\">x</a>",
          "<img src=\"data:image/png;base64,QUJD\" alt=\"x\"/>",
          "<img src=\"#pic\" alt=\"src=javascript:\"/>",
          "<p style=\"color: red; font-family: &quot;A&quot;\">x</p>",
          "<td style=\"background-image: url(data: image/png;base64,QUJD); top: 0\">x</td>",
          "<!-- <a href=\"javascript:x\"> --><p title=\"href='javascript:x'\">y</p>"})
        EXPECT_FALSE(has_active_content(div(good))) << good;
    EXPECT_FALSE(has_active_content(""));
}

TEST(ActiveContent, IsFoundInValues) {
    for (const char* bad :
         {"<a href=\"javascript:alert(1)\">x</a>", "<a href = 'JavaScript:x'>x</a>",
          "<a title=\"a\" href=\" javascript:x\">x</a>", "<a href=\"java&#115;cript:x\">x</a>",
          "<a href=\"java\nscript:x\">x</a>", "<a href=\"&#106;avascript&colon;x\">x</a>",
          "<a href=\"vbscript:x\">x</a>", "<a href=\"data:text/html,x\">x</a>",
          "<img src=\"data:image/svg+xml,x\" alt=\"\"/>",
          "<a title=\">\" href=\"javascript:x\">x</a>",
          "<p style=\"background: URL(http://example.org)\">x</p>",
          "<p style=\"background: url(data:image/png;base64,QQ), url( "
          "'http://example.org/x')\">x</p>",
          "<p style=\"background: url(data:image/svg+xml,x)\">x</p>",
          "<p style=\"background: url(\">x</p>", "<p style=\"width: expression(x)\">x</p>",
          "<p style=\"background: u\\72l(x)\">x</p>", "<p style=\"background: &#117;rl(x)\">x</p>",
          "<!-- --><a href=\"javascript:x\">x</a>", "<p/><br/><a href=\"javascript:x"})
        EXPECT_TRUE(has_active_content(div(bad))) << bad;
}

}  // namespace
}  // namespace consilium::formats::fhir
