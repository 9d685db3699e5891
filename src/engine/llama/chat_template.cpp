// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/chat_template.h"

#include "engine/llama/json_bounds.h"

#include <chat.h>
#include <json-schema-to-grammar.h>

#include <exception>
#include <utility>

namespace gatehouse {

namespace {

using Json = common_json;

/// What is wrong with a request; never leaves this file.
struct Fault
{
    QString message;
    QByteArray param;
};

Error toError(const Fault &fault)
{
    return {.code = ErrorCode::InvalidRequest, .message = fault.message, .param = fault.param};
}

std::string toStd(QByteArrayView text)
{
    return {text.data(), static_cast<std::size_t>(text.size())};
}

Json parse(QByteArrayView json, const QByteArray &param)
{
    if (!isModestJson(json))
        throw Fault{QStringLiteral("'%1' is too large or nested too deeply.").arg(QString::fromUtf8(param)),
                    param};
    Json value = Json::parse_no_throw(toStd(json));
    if (value.is_discarded())
        throw Fault{QStringLiteral("'%1' is not valid JSON.").arg(QString::fromUtf8(param)), param};
    return value;
}

std::string roleName(Role role)
{
    switch (role) {
    case Role::System:
        return "system";
    case Role::Developer:
        return "developer";
    case Role::User:
        return "user";
    case Role::Assistant:
        return "assistant";
    case Role::Tool:
        return "tool";
    }
    Q_UNREACHABLE();
}

QByteArrayView extension(const OpaqueFields &fields, QByteArrayView name)
{
    for (const OpaqueField &field : fields) {
        if (field.name == name)
            return field.json;
    }
    return {};
}

void addContent(common_chat_msg &to, const Message &from, const QByteArray &path)
{
    if (!from.content)
        return;
    for (qsizetype i = 0; i < from.content->size(); ++i) {
        const ContentPart &part = from.content->at(i);
        if (!part.isText()) {
            throw Fault{
                QStringLiteral("This model reads text only, not '%1'.").arg(QString::fromUtf8(part.type)),
                path + ".content[" + QByteArray::number(i) + "].type"};
        }
        if (!from.contentIsString)
            to.content_parts.push_back({.type = "text", .text = toStd(part.text)});
    }
    if (from.contentIsString)
        to.content = toStd(plainText(from));
}

common_chat_msg toCommon(const Message &message, const QByteArray &path)
{
    common_chat_msg result;
    result.role = roleName(message.role);
    addContent(result, message, path);
    for (const ToolCall &call : message.toolCalls) {
        if (!isModestJson(call.arguments))
            throw Fault{QStringLiteral("A tool call's arguments are too large."), path + ".tool_calls"};
        result.tool_calls.push_back(
            {.name = toStd(call.name), .arguments = toStd(call.arguments), .id = toStd(call.id)});
    }
    result.tool_name = toStd(message.name);
    result.tool_call_id = toStd(message.toolCallId);
    if (const QByteArrayView thinking = extension(message.extensions, "reasoning_content");
        !thinking.isEmpty()) {
        const Json value = Json::parse_no_throw(toStd(thinking));
        if (value.is_string())
            result.reasoning_content = value.get<std::string>();
    }
    return result;
}

/// A schema becomes a grammar only while the template is applied, which can't tell any more whose schema was
/// wrong.
void check(const Json &schema, const QByteArray &param)
{
    try {
        (void)json_schema_to_grammar(schema);
    } catch (const std::exception &error) {
        throw Fault{QStringLiteral("'%1' holds a schema that can't be obeyed: %2")
                        .arg(QString::fromUtf8(param), QString::fromUtf8(error.what()).left(200)),
                    param};
    }
}

/// OpenAI's `tool_choice`: `none`, `auto`, `required`, or one function, which then is the only one offered.
void addTools(common_chat_templates_inputs &inputs, const ChatRequest &request)
{
    if (request.tools.isEmpty())
        return;
    try {
        inputs.tools = common_chat_tools_parse_oaicompat(parse(request.tools, "tools"));
    } catch (const std::exception &) { // its text would repeat the whole field
        throw Fault{QStringLiteral("'tools' must be an array of functions, each with a name."), "tools"};
    }
    for (const common_chat_tool &tool : inputs.tools)
        check(Json::parse(tool.parameters), "tools");
    if (request.toolChoice.isEmpty())
        return;
    const Json choice = parse(request.toolChoice, "tool_choice");
    if (choice == "none" || choice == "auto" || choice == "required") {
        inputs.tool_choice = common_chat_tool_choice_parse_oaicompat(choice.get<std::string>());
        return;
    }
    if (!choice.is_object() || !choice.contains("function") || !choice.at("function").contains("name"))
        throw Fault{QStringLiteral("'tool_choice' must be none, auto, required or name a function."),
                    "tool_choice"};
    const auto name = choice.at("function").at("name").get<std::string>();
    std::erase_if(inputs.tools, [&name](const common_chat_tool &tool) { return tool.name != name; });
    if (inputs.tools.empty())
        throw Fault{QStringLiteral("'tool_choice' names a function that 'tools' lacks."), "tool_choice"};
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
}

/// OpenAI's `response_format`: `text`, `json_object`, or `json_schema` with the schema inside.
void addResponseFormat(common_chat_templates_inputs &inputs, const QByteArray &responseFormat)
{
    if (responseFormat.isEmpty())
        return;
    const Json format = parse(responseFormat, "response_format");
    const std::string type = format.is_object() ? format.value("type", std::string()) : std::string();
    if (type == "text")
        return;
    Json schema = Json::object();
    if (type == "json_schema" && format.contains("json_schema"))
        schema = format.at("json_schema").value("schema", Json::object());
    else if (type == "json_object")
        schema = format.value("schema", Json::object());
    else
        throw Fault{QStringLiteral("'response_format.type' must be text, json_object or json_schema."),
                    "response_format"};
    if (schema.is_object() && schema.empty())
        schema.set({"type", "object"});
    check(schema, "response_format");
    inputs.json_schema = schema.dump();
}

/// Fields outside OpenAI's specification that servers of open models take: what the template is told besides.
void addExtensions(common_chat_templates_inputs &inputs, const OpaqueFields &extensions)
{
    if (const QByteArrayView parallel = extension(extensions, "parallel_tool_calls"); !parallel.isEmpty())
        inputs.parallel_tool_calls = parallel == "true";
    if (const QByteArrayView more = extension(extensions, "chat_template_kwargs"); !more.isEmpty()) {
        const Json values = parse(more, "chat_template_kwargs");
        for (const auto &item : values.items())
            inputs.chat_template_kwargs[item.key()] = item.value().dump();
    }
    if (const QByteArrayView effort = extension(extensions, "reasoning_effort"); !effort.isEmpty()) {
        inputs.enable_thinking = effort != "\"none\"";
        if (inputs.enable_thinking)
            inputs.chat_template_kwargs["reasoning_effort"] = toStd(effort);
    }
    if (inputs.chat_template_kwargs.contains("enable_thinking"))
        inputs.enable_thinking = inputs.chat_template_kwargs["enable_thinking"] == "true";
}

common_chat_templates_inputs plainInputs()
{
    common_chat_templates_inputs inputs;
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    return inputs;
}

OutputRules rulesOf(common_chat_params &&params)
{
    OutputRules rules;
    rules.grammar = std::move(params.grammar);
    rules.grammarIsLazy = params.grammar_lazy;
    for (common_grammar_trigger &trigger : params.grammar_triggers)
        rules.triggers.push_back({.kind = trigger.type, .value = std::move(trigger.value)});
    rules.preservedTokens = std::move(params.preserved_tokens);
    rules.stops = std::move(params.additional_stops);
    rules.opening = std::move(params.generation_prompt);
    rules.thinkingStart = std::move(params.thinking_start_tag);
    rules.thinkingEnds = std::move(params.thinking_end_tags);
    rules.format = params.format;
    rules.parser = std::move(params.parser);
    rules.needsParsing = true;
    return rules;
}

} // namespace

void ChatTemplate::Free::operator()(common_chat_templates *templates) const
{
    common_chat_templates_free(templates);
}

ChatTemplate::ChatTemplate(const llama_model *model)
{
    try {
        m_templates.reset(common_chat_templates_init(model, "").release());
        probe();
    } catch (const std::exception &error) {
        m_fault = QString::fromUtf8(error.what());
    }
}

ChatTemplate::~ChatTemplate() = default;

/// llama-common analyses the template anew for each rendering. Where that finds nothing to obey, free text
/// can do without it.
void ChatTemplate::probe()
{
    common_chat_templates_inputs inputs = plainInputs();
    inputs.messages.resize(1);
    inputs.messages[0].role = "user";
    inputs.messages[0].content = "Hello";
    inputs.force_pure_content = true;
    const std::string plain = common_chat_templates_apply(m_templates.get(), inputs).prompt;
    inputs.force_pure_content = false;
    try {
        const common_chat_params analysed = common_chat_templates_apply(m_templates.get(), inputs);
        m_isAnalysable = true;
        m_isPlain =
            !analysed.supports_thinking && analysed.additional_stops.empty() && analysed.prompt == plain;
    } catch (const std::exception &) {
        m_isPlain = true;
    }
}

Result<ChatTemplate::Rendered> ChatTemplate::render(const ChatRequest &request) const
{
    if (!m_fault.isEmpty() || !m_templates) {
        return Error{.code = ErrorCode::NotImplemented,
                     .message = QStringLiteral("This model has no usable chat template."),
                     .detail = m_fault};
    }
    try {
        common_chat_templates_inputs inputs = plainInputs();
        const QList<Message> &messages = std::get<Conversation>(request.input).messages;
        for (qsizetype i = 0; i < messages.size(); ++i)
            inputs.messages.push_back(toCommon(messages[i], "messages[" + QByteArray::number(i) + ']'));
        addTools(inputs, request);
        addResponseFormat(inputs, request.responseFormat);
        addExtensions(inputs, request.extensions);

        const bool isFreeText = inputs.tools.empty() && inputs.json_schema.empty();
        if (!isFreeText && !m_isAnalysable)
            throw Fault{
                QStringLiteral("This model's chat template allows neither tools nor response formats."),
                inputs.tools.empty() ? "response_format" : "tools"};
        inputs.force_pure_content = isFreeText && m_isPlain;
        common_chat_params params = common_chat_templates_apply(m_templates.get(), inputs);
        Rendered rendered{.prompt = QByteArray::fromStdString(params.prompt), .rules = {}};
        if (!inputs.force_pure_content)
            rendered.rules = rulesOf(std::move(params));
        return rendered;
    } catch (const Fault &fault) {
        return toError(fault);
    } catch (const std::exception &error) {
        return Error{.code = ErrorCode::InvalidRequest,
                     .message =
                         QStringLiteral("The model's chat template does not accept this conversation: %1")
                             .arg(QString::fromUtf8(error.what()).left(200)),
                     .param = "messages"};
    }
}

} // namespace gatehouse
