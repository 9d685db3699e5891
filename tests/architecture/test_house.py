#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that each rule of house.py finds what it is there for, and lets pass what is right."""
import tempfile
import unittest
from pathlib import Path

import house

PAGE = """
| room | what it is | may include |
|---|---|---|
| `base` | things | Qt Core |
| `chat` | the heart, with `code` and a word | base |
| `engine` | models | chat, base |
| `http` | the door | base |
| `api` | endpoints | all above |
| `cli` | commands | all above but http, api |
| `app` | everything | all but console |
| `console` | the console | base |
"""


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        self.src = self.top / "src"
        self.write("src/ARCHITECTURE.md", PAGE)

    def write(self, name, text):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")

    def assert_complaint(self, complaints, words):
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(words, complaints[0])


class Table(Tree):
    def test_reads_every_kind_of_cell(self):
        rooms = house.parse_rooms(self.src / "ARCHITECTURE.md")
        self.assertEqual(rooms["base"], set())
        self.assertEqual(rooms["engine"], {"chat", "base"})
        self.assertEqual(rooms["api"], {"base", "chat", "engine", "http"})
        self.assertEqual(rooms["cli"], {"base", "chat", "engine"})
        self.assertEqual(rooms["app"], {"base", "chat", "engine", "http", "api", "cli"})

    def test_refuses_an_unknown_room(self):
        self.write("src/ARCHITECTURE.md", PAGE.replace("| chat, base |", "| chta, base |"))
        with self.assertRaisesRegex(ValueError, "chta"):
            house.parse_rooms(self.src / "ARCHITECTURE.md")

    def test_refuses_a_page_without_a_table(self):
        self.write("src/ARCHITECTURE.md", "# The house\n")
        with self.assertRaises(ValueError):
            house.parse_rooms(self.src / "ARCHITECTURE.md")


class Arrows(Tree):
    def includes(self, name, *headers):
        self.write(name, "".join(f"#include {header}\n" for header in headers))
        return house.check_arrows(self.src)

    def test_allowed_arrows(self):
        self.assertEqual(self.includes("src/api/a.cpp", '"api/a.h"', '"http/server.h"', "<QString>", '"a.moc"', '"moc_a.cpp"'), [])
        self.assertEqual(self.includes("src/engine/a.cpp", '"llama.h"', '"chat.h"', '"chat/message.h"'), [])
        self.assertEqual(self.includes("src/http/wire/a.cpp", "<QHttpServer>", "<QWebSocket>"), [])

    def test_missing_arrow(self):
        self.assert_complaint(self.includes("src/chat/a.h", '"base/error.h"', '"http/server.h"'), "a.h:2: 'chat' may not")
        self.assert_complaint(self.includes("src/chat/a.h", "<api/chat.h>"), "may not include 'api'")

    def test_arrow_taken_out_of_all(self):
        self.assert_complaint(self.includes("src/cli/a.cpp", '"http/server.h"'), "'cli' may not include 'http'")

    def test_unknown_room(self):
        self.assert_complaint(self.includes("src/utils/a.h", "<vector>"), "'utils' is no room")

    def test_reserved_headers(self):
        for room, header in (("api", "<llama.h>"), ("http", '"ggml-backend.h"'), ("http", "<QSqlQuery>"),
                             ("api", "<QHttpServerResponse>"), ("engine", "<QtWebSockets/QWebSocket>")):
            with self.subTest(header):
                self.assert_complaint(self.includes("src/" + room + "/a.cpp", header), "only ")
                (self.src / room / "a.cpp").unlink()

    def test_base_stands_on_core(self):
        self.assertEqual(self.includes("src/base/a.h", "<QtCore/QString>", "<QString>"), [])
        self.assert_complaint(self.includes("src/base/a.h", "<QtNetwork/QTcpSocket>"), "Qt Core alone")

    def test_quoted_include_names_its_room(self):
        self.assert_complaint(self.includes("src/http/a.cpp", '"server.h"'), "room/file.h")

    def test_links(self):
        self.write("src/chat/CMakeLists.txt", "gatehouse_room(chat SOURCES a.cpp ROOMS base LIBRARIES http)")
        self.assertEqual(house.check_links(self.src), [])
        self.write("src/chat/CMakeLists.txt", "gatehouse_room(chat SOURCES a.cpp\n ROOMS base\n http # no\n)")
        self.assert_complaint(house.check_links(self.src), "may not link 'http'")


class Rules(Tree):
    def test_heart(self):
        self.write("src/chat/a.h", "// as OpenAI has it\nint a;\n")
        self.assertEqual(house.check_heart(self.src), [])
        self.write("src/chat/a.h", "class QJsonObject;\n")
        self.assert_complaint(house.check_heart(self.src), "a.h:1: 'QJson'")
        self.write("src/chat/a.h", "\n#include <QJsonDocument>\n")
        self.assertIn("a.h:2", house.check_heart(self.src)[0])
        self.write("src/chat/a.h", "void decodeOllama();\n")
        self.assert_complaint(house.check_heart(self.src), "Ollama")

    def test_blocking(self):
        self.write("src/api/a.cpp", '// waitForReadyRead would block\nlog("QEventLoop");\nthread.wait();\n'
                                    'auto text = R"(usleep(5))"; asleep(1); waitForever = 1;\n')
        self.write("src/base/epoll_dispatcher.cpp", "bool processEvents(QEventLoop::ProcessEventsFlags);\n")
        self.assertEqual(house.check_blocking(self.src), [])
        for call in ("socket.waitForReadyRead(5);", "Qt::BlockingQueuedConnection", "qApp->processEvents();",
                     "QEventLoop loop;", "f(10'000); usleep(20'000);", "QThread::msleep(5);", "std::this_thread::sleep_for(1s);", "sleep (1);"):
            with self.subTest(call):
                self.write("src/api/a.cpp", "\n" + call + "\n")
                self.assert_complaint(house.check_blocking(self.src), "a.cpp:2:")

    def test_files(self):
        self.write("src/api/a.cpp", house.LICENCE + "\n" * 500)
        self.assertEqual(house.check_files(self.top), [])
        self.write("tests/api/a.cpp", house.LICENCE + "\n" * 501)
        self.assert_complaint(house.check_files(self.top), "501 lines")
        self.write("tests/api/a.cpp", "int a;\n")
        self.assert_complaint(house.check_files(self.top), "does not begin")

    def test_functions(self):
        self.write("src/api/a.cpp", "int shortOne()\n{\n" + "    f();\n" * 57 + "}\n")
        self.assertEqual(house.check_functions(self.src), [])
        self.write("src/api/a.cpp", "int longOne()\n{\n" + "    f();\n" * 58 + "}\n")
        self.assert_complaint(house.check_functions(self.src), "longOne has 61 lines")


if __name__ == "__main__":
    unittest.main()
