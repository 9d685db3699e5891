// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/llama/llama_log.h"

#include <llama.h>
#include <log.h>

#include <mutex>
#include <utility>

namespace gatehouse {

namespace {

thread_local LlamaLog *current = nullptr;

void receive(ggml_log_level level, const char *text, void *)
{
    if (current != nullptr)
        current->take(level == GGML_LOG_LEVEL_ERROR, QByteArrayView(text).trimmed());
}

void install()
{
    llama_log_set(receive, nullptr);
    // llama-common has a logger of its own, which would start a thread and write to standard error.
    common_log_set_verbosity_thold(LOG_LEVEL_OUTPUT - 1);
}

} // namespace

LlamaLog::LlamaLog(Log &log)
    : m_log(log)
{
    static std::once_flag installed;
    std::call_once(installed, install);
    current = this;
}

LlamaLog::~LlamaLog()
{
    current = nullptr;
}

QString LlamaLog::takeError()
{
    return QString::fromUtf8(std::exchange(m_error, {}));
}

/// The first error tells the cause ("error loading model: …"); those after it only that loading has failed.
void LlamaLog::take(bool isError, QByteArrayView line)
{
    if (line.size() <= 1) // a progress dot
        return;
    if (isError && m_error.isEmpty()) {
        const qsizetype function = line.indexOf(": ");
        m_error = (function < 0 ? line : line.sliced(function + 2)).toByteArray();
    }
    m_log.debug("llama", {{"line", line.toByteArray()}});
}

} // namespace gatehouse
