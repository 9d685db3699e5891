// SPDX-License-Identifier: GPL-3.0-or-later
#include "unit/engine/samples.h"

namespace gatehouse {

const QByteArray weatherAndTimeTools =
    R"([{"type":"function","function":{"name":"get_weather","description":"…",
    "parameters":{"type":"object","properties":{"unit":{"enum":["celsius","kelvin"]}},"required":["unit"]}}},
    {"type":"function","function":{"name":"get_time",
    "parameters":{"type":"object","properties":{"zone":{"enum":["here"]}},"required":["zone"]}}}])";

const QByteArray personFormat = R"({"type":"json_schema","json_schema":{"name":"person","schema":
{"type":"object","properties":{"kind":{"enum":["cat","dog"]},"old":{"type":"boolean"}},
"required":["kind","old"],"additionalProperties":false}}})";

const QByteArray thinkingTemplate = R"({%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and not enable_thinking %}<think>

</think>

{% else %}<think>
{% endif %}{% endif -%})";

const QByteArray bracketsInStrings = R"({"a":[1,2,{"b":"]]]]{{{{\"[["}]})";

QByteArray toolChoice(const QByteArray &name)
{
    return R"({"type":"function","function":{"name":")" + name + R"("}})";
}

QByteArray schemaFormat(const QByteArray &schema)
{
    return R"({"type":"json_schema","json_schema":{"schema":)" + schema + "}}";
}

} // namespace gatehouse
