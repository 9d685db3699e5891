// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakes/tiny_gguf.h"

#include <QString>

#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace gatehouse::fakes {

namespace {

constexpr int byteTokens = 256;
constexpr int controlKind = 3; // LLAMA_TOKEN_TYPE_CONTROL

/// GPT-2's spelling of bytes: printable ones stand for themselves, the others for code points from 256 on.
std::string spelling(int byte)
{
    const auto isPrintable = [](int b) {
        return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    };
    int codePoint = byte;
    if (!isPrintable(byte)) {
        codePoint = 256;
        for (int b = 0; b < byte; ++b)
            codePoint += isPrintable(b) ? 0 : 1;
    }
    return QString(QChar(codePoint)).toStdString();
}

struct GgufFree
{
    void operator()(gguf_context *file) const { gguf_free(file); }
};
struct GgmlFree
{
    void operator()(ggml_context *tensors) const { ggml_free(tensors); }
};

class Writer
{
public:
    explicit Writer(const TinyModel &model);
    [[nodiscard]] QByteArray write();

private:
    void addShape();
    void addVocabulary();
    void addTensors();
    void addBertTensors();
    void addNorm(const std::string &name);
    [[nodiscard]] std::string key(const char *name) const;
    ggml_tensor *addTensor(const std::string &name, int width, int height = 0, double spread = 0);
    ggml_tensor *addNamedTensor(const std::string &name, int width, int height = 0, double spread = 0);
    [[nodiscard]] int vocabularySize() const { return static_cast<int>(m_vocabulary.size()); }

    const TinyModel &m_model;
    std::unique_ptr<gguf_context, GgufFree> m_file{gguf_init_empty()};
    std::unique_ptr<ggml_context, GgmlFree> m_tensors;
    std::vector<std::string> m_vocabulary;
    quint64 m_random;
};

Writer::Writer(const TinyModel &model)
    : m_model(model)
    , m_random(model.seed)
{
    const std::size_t weights =
        static_cast<std::size_t>(model.layers) * 16 * static_cast<std::size_t>(model.width * model.width) +
        (2 * 300 + static_cast<std::size_t>(model.isBert ? model.contextLength : 0)) *
            static_cast<std::size_t>(model.width);
    m_tensors.reset(ggml_init(
        {.mem_size = weights * sizeof(float) + (1U << 20), .mem_buffer = nullptr, .no_alloc = false}));
}

QByteArray Writer::write()
{
    addShape();
    addVocabulary();
    m_model.isBert ? addBertTensors() : addTensors();
    char *bytes = nullptr;
    std::size_t size = 0;
    std::FILE *file = open_memstream(&bytes, &size);
    const bool isWritten = gguf_write_to_file_ptr(m_file.get(), file, false);
    std::fclose(file);
    QByteArray content = isWritten ? QByteArray(bytes, static_cast<qsizetype>(size)) : QByteArray();
    std::free(bytes);
    return content;
}

std::string Writer::key(const char *name) const
{
    return (m_model.isBert ? "bert." : "llama.") + std::string(name);
}

void Writer::addShape()
{
    gguf_context *file = m_file.get();
    const auto set = [&](const char *name, int value) {
        gguf_set_val_u32(file, key(name).c_str(), static_cast<quint32>(value));
    };
    gguf_set_val_str(file, "general.architecture", m_model.isBert ? "bert" : "llama");
    gguf_set_val_str(file, "general.name", "tiny");
    set("context_length", m_model.contextLength);
    set("embedding_length", m_model.width);
    set("block_count", m_model.layers);
    set("feed_forward_length", 4 * m_model.width);
    set("attention.head_count", 4);
    gguf_set_val_f32(file, key("attention.layer_norm_rms_epsilon").c_str(), 1e-5F);
    if (m_model.isBert) {
        gguf_set_val_f32(file, "bert.attention.layer_norm_epsilon", 1e-5F);
        gguf_set_val_bool(file, "bert.attention.causal", false);
        gguf_set_val_u32(file, "tokenizer.ggml.token_type_count", 2);
    } else {
        set("rope.dimension_count", m_model.width / 4);
    }
    if (m_model.pooling >= 0)
        set("pooling_type", m_model.pooling);
    if (!m_model.temperature.isEmpty())
        gguf_set_val_f32(file, "general.sampling.temp", m_model.temperature.toFloat());
    if (!m_model.chatTemplate.isEmpty())
        gguf_set_val_str(file, "tokenizer.chat_template", m_model.chatTemplate.constData());
}

void Writer::addVocabulary()
{
    for (int byte = 0; byte < byteTokens; ++byte)
        m_vocabulary.push_back(spelling(byte));
    m_vocabulary.push_back("ab");
    std::vector<std::int32_t> kinds(m_vocabulary.size(), 1);
    for (const char *control : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
        m_vocabulary.push_back(control);
        kinds.push_back(controlKind);
    }
    std::vector<const char *> tokens;
    for (const std::string &token : m_vocabulary)
        tokens.push_back(token.c_str());
    const char *merge = "a b";
    gguf_context *file = m_file.get();
    gguf_set_val_str(file, "tokenizer.ggml.model", "gpt2");
    gguf_set_val_str(file, "tokenizer.ggml.pre", "gpt-2");
    gguf_set_arr_str(file, "tokenizer.ggml.tokens", tokens.data(), tokens.size());
    gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, kinds.data(), kinds.size());
    gguf_set_arr_str(file, "tokenizer.ggml.merges", &merge, 1);
    gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", byteTokens + 1);
    gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id", byteTokens + 3);
    gguf_set_val_bool(file, "tokenizer.ggml.add_bos_token", false);
}

void Writer::addTensors()
{
    const int width = m_model.width;
    const double spread = 1 / std::sqrt(static_cast<double>(width));
    addTensor("token_embd", width, vocabularySize(), 1);
    addTensor("output_norm", width);
    ggml_tensor *output = addTensor("output", width, vocabularySize(), 2 * spread);
    for (int token = byteTokens + 1; token < vocabularySize();
         ++token) // it hardly ever ends an answer by itself
        std::fill_n(static_cast<float *>(output->data) + token * width, width, 0.0F);
    for (int layer = 0; layer < m_model.layers; ++layer) {
        const std::string block = "blk." + std::to_string(layer) + '.';
        addTensor(block + "attn_norm", width);
        for (const char *part : {"attn_q", "attn_k", "attn_v", "attn_output"})
            addTensor(block + part, width, width, 2 * spread);
        addTensor(block + "ffn_norm", width);
        addTensor(block + "ffn_gate", width, 4 * width, 2 * spread);
        addTensor(block + "ffn_up", width, 4 * width, 2 * spread);
        addTensor(block + "ffn_down", 4 * width, width, spread);
    }
}

void Writer::addBertTensors()
{
    const int width = m_model.width;
    const double spread = 2 / std::sqrt(static_cast<double>(width));
    addTensor("token_embd", width, vocabularySize(), 1);
    addTensor("token_types", width, 2, 1);
    addTensor("position_embd", width, m_model.contextLength, 1);
    addNorm("token_embd_norm");
    for (int layer = 0; layer < m_model.layers; ++layer) {
        const std::string block = "blk." + std::to_string(layer) + '.';
        for (const char *part : {"attn_q", "attn_k", "attn_v", "attn_output"})
            addTensor(block + part, width, width, spread);
        addNorm(block + "attn_output_norm");
        addTensor(block + "ffn_up", width, 4 * width, spread);
        addTensor(block + "ffn_down", 4 * width, width, spread / 2);
        addNorm(block + "layer_output_norm");
    }
}

void Writer::addNorm(const std::string &name)
{
    addTensor(name, m_model.width);
    addNamedTensor(name + ".bias", m_model.width);
}

ggml_tensor *Writer::addTensor(const std::string &name, int width, int height, double spread)
{
    return addNamedTensor(name + ".weight", width, height, spread);
}

/// Without a height: a vector of ones. Else evenly distributed numbers around zero.
ggml_tensor *Writer::addNamedTensor(const std::string &name, int width, int height, double spread)
{
    ggml_tensor *tensor = height == 0 ? ggml_new_tensor_1d(m_tensors.get(), GGML_TYPE_F32, width)
                                      : ggml_new_tensor_2d(m_tensors.get(), GGML_TYPE_F32, width, height);
    ggml_set_name(tensor, name.c_str());
    auto *values = static_cast<float *>(tensor->data);
    for (std::int64_t i = 0; i < ggml_nelements(tensor); ++i) {
        m_random = m_random * 6364136223846793005U + 1442695040888963407U;
        const double uniform = static_cast<double>(m_random >> 33U) / static_cast<double>(1U << 30U) - 1;
        values[i] = height == 0 ? 1.0F : static_cast<float>(uniform * spread * std::sqrt(3.0));
    }
    gguf_add_tensor(m_file.get(), tensor);
    return tensor;
}

} // namespace

QByteArray TinyModel::defaultTemplate()
{
    return R"({%- if tools -%}
{{- '<|im_start|>system\nTools:' -}}
{%- for tool in tools -%}{{- ' ' + (tool | tojson) -}}{%- endfor -%}
{{- '<|im_end|>\n' -}}
{%- endif -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\n' + (message.content or '') -}}
{%- if message.tool_calls -%}
{%- for call in message.tool_calls -%}
{{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' -}}
{{- (call.function.arguments | tojson) + '}</tool_call>' -}}
{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%})";
}

QByteArray makeTinyGguf(const TinyModel &model)
{
    return Writer(model).write();
}

} // namespace gatehouse::fakes
