// SPDX-License-Identifier: GPL-3.0-or-later
#include "door.h"

#include <algorithm>

namespace {

constexpr char messages[] = R"("messages":[{"role":"user","content":"Hello!"}])";
constexpr char message[] = R"("message":"Hello!")";
constexpr char prompt[] = R"("prompt":"Hello!")";
constexpr char input[] = R"("input":"Hello!")";

} // namespace

QByteArray Door::body(const QByteArray &model) const
{
    const bool saysSo = answers == Answers::OpenAi || answers == Answers::Native;
    const QByteArray wish =
        saysSo ? QByteArray(R"(,"stream":)") + (streams ? "true" : "false") : QByteArray();
    return R"({"model":")" + model + '"' + wish + ',' + question + '}';
}

const QList<Door> &allDoors()
{
    using Answers = Door::Answers;
    static const QList<Door> doors{
        {"chat, stream", "/v1/chat/completions", messages, Answers::OpenAi, true},
        {"chat, folded", "/v1/chat/completions", messages, Answers::OpenAi, false},
        {"completion, stream", "/v1/completions", prompt, Answers::OpenAi, true},
        {"completion, folded", "/v1/completions", prompt, Answers::OpenAi, false},
        {"native, stream", "/api/chat", messages, Answers::Native, true},
        {"native, folded", "/api/chat", messages, Answers::Native, false},
        {"one message, folded", "/api/chat", message, Answers::OpenAi, false},
        {"one message, stream", "/api/chat/stream", message, Answers::OpenAi, true},
        {"WebSocket", "/ws/chat", messages, Answers::Socket, true},
        {"embeddings", "/v1/embeddings", input, Answers::Vectors, false},
    };
    return doors;
}

const QList<Door> &fewDoors()
{
    static const QList<Door> doors = [] {
        QList<Door> few;
        for (const Door &door : allDoors()) {
            const auto isLike = [&door](const Door &other) {
                return other.answers == door.answers && other.streams == door.streams;
            };
            if (std::none_of(few.begin(), few.end(), isLike))
                few.append(door);
        }
        return few;
    }();
    return doors;
}
