// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "chat/chat_request.h"
#include "engine/llama/output_rules.h"

#include <memory>

struct common_chat_templates;
struct llama_model;

namespace gatehouse {

/// A model's chat template. An adapter over llama-common's chat.h.
class ChatTemplate
{
public:
    /// A model without a template gets ChatML. A template that can't be read leaves an object that renders
    /// nothing and says so.
    explicit ChatTemplate(const llama_model *model);
    ~ChatTemplate();
    Q_DISABLE_COPY_MOVE(ChatTemplate)

    struct Rendered
    {
        QByteArray prompt;
        OutputRules rules;
    };

    /// The request's conversation, tools and response format as the model expects them. Everything that is
    /// wrong with them is an InvalidRequest that names the field.
    [[nodiscard]] Result<Rendered> render(const ChatRequest &request) const;

private:
    void probe();

    struct Free
    {
        void operator()(common_chat_templates *templates) const;
    };
    std::unique_ptr<common_chat_templates, Free> m_templates;
    QString m_fault;             ///< Why there is no template.
    bool m_isAnalysable = false; ///< Tools, response formats and thinking work.
    bool m_isPlain = false;      ///< Free text needs no analysis (which takes up to 10 ms) and no parsing.
};

} // namespace gatehouse
