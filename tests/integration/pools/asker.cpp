// SPDX-License-Identifier: GPL-3.0-or-later
#include "asker.h"

namespace {

constexpr int longestWait = 60'000;
constexpr char chatPath[] = "/v1/chat/completions";
constexpr char vectorPath[] = "/v1/embeddings";
constexpr Door chatDoor{"chat", chatPath, "", Door::Answers::OpenAi, true};
constexpr Door vectorDoor{"embeddings", vectorPath, "", Door::Answers::Vectors, false};

QByteArray toldTo(quint16 port, const QByteArray &request)
{
    RawClient client(port);
    client.send(request);
    client.readUntilClosed(longestWait);
    return client.received();
}

} // namespace

ToldAnswer Asker::chat(const Asked &asked) const
{
    return readChat(toldTo(m_port, request(asked)));
}

ToldAnswer Asker::embed(const QByteArray &model) const
{
    const QByteArray body = R"({"model":")" + model + R"(","input":"Hello!"})";
    return readAnswer(vectorDoor, toldTo(m_port, RawClient::post(vectorPath, body,
                                                                 m_credential + "Connection: close\r\n")));
}

QByteArray Asker::request(const Asked &asked) const
{
    return RawClient::post(chatPath,
                           R"({"model":")" + asked.model + R"(","stream":)" +
                               (asked.stream ? "true" : "false") + asked.more +
                               R"(,"messages":[{"role":"user","content":")" + asked.content + R"("}]})",
                           m_credential + asked.headers + "Connection: close\r\n");
}

ToldAnswer readChat(const QByteArray &bytes)
{
    return readAnswer(chatDoor, bytes);
}
