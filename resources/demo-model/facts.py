# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo model knows: its answers, and the words its practice questions are made of.

Every answer here is a promise that Gatehouse keeps. When a default, a command or a path of Gatehouse changes, change it
here too, and train again (see README.md).
"""

from typing import NamedTuple


class Topic(NamedTuple):
    """One thing to know: the ways people ask for it, in lower case and unpunctuated, and the one answer."""

    questions: list[str]
    answer: str


GREETING = "Hello! I am the Gatehouse demo model, running on this device. Ask me how to get started."
FALLBACK = "I do not know that. I am a tiny demo model; ask me about set-up, models, keys, privacy or the API."

SMALL_TALK = [
    Topic(["hello", "hi", "hey", "hi there", "hello there", "good morning", "good evening", "hey there", "greetings",
           "hello gatehouse", "hi gatehouse", "hello world"],
          GREETING),
    Topic(["test", "ping", "this is a test", "testing", "are you there", "is anybody there", "can you hear me"],
          "I am here. Ask me how to get started."),
    Topic(["how are you", "how are you doing", "how is it going", "are you well", "how do you feel",
           "how are you today"],
          "I am running fine, thank you. How can I help you?"),
    Topic(["who are you", "what are you", "what is your name", "introduce yourself", "tell me about yourself",
           "which model are you", "what model is this", "what is gatehouse-demo", "are you a real model",
           "are you chatgpt", "are you a robot"],
          "I am gatehouse-demo, a tiny model with about one million weights. I run on this device, without any "
          "network."),
    Topic(["thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "cheers"],
          "You are welcome! Is there anything else?"),
    Topic(["bye", "goodbye", "see you", "see you later", "good night", "have a nice day"],
          "Goodbye! Come back any time."),
    Topic(["help", "what can you do", "what can i ask", "what can i ask you", "how can you help me",
           "can you help me", "i need help"],
          "I can answer questions about Gatehouse, remember your name, add small numbers, count to ten and name "
          "some capitals."),
    Topic(["why are you so small", "are you smart", "why are your answers bad", "you are not smart",
           "can you write a poem", "write a story", "write some code", "translate this text", "summarise this text",
           "write a haiku about the sea"],
          "I am only a demo model, so I know very little. Please add a larger model for real work."),
    Topic(["which languages do you speak", "do you speak german", "can you speak french",
           "what languages do you know", "hallo wie geht es dir", "bonjour comment ca va", "hola que tal"],
          "I only know a little English. Larger models speak many languages."),
    Topic(["tell me a joke", "do you know a joke", "make me laugh", "say something funny", "another joke"],
          "Why did the token wait at the gate? It had not been admitted yet."),
    Topic(["what is a token", "what are tokens", "explain tokens", "what does token mean"],
          "A token is a small piece of text, often a part of a word. Models read and write tokens."),
    Topic(["what is temperature", "what does temperature do", "explain temperature", "how do i set the temperature",
           "what is the temperature setting"],
          "Temperature controls how random the answer is. Zero always picks the most likely token."),
]

GATEHOUSE = [
    Topic(["what is gatehouse", "what does gatehouse do", "explain gatehouse", "tell me about gatehouse",
           "what is this program", "what is a gateway", "what is this gateway for",
           "in one sentence, what is gatehouse"],
          "Gatehouse is a gateway for language models: one port for local models and other model servers, with "
          "keys, limits and metrics."),
    Topic(["how do i set this up", "how do i get started", "how to start", "how do i begin",
           "how do i set up the gateway", "how do i set up gatehouse", "what is the first step", "first steps",
           "set up", "get started", "getting started", "how do i start gatehouse"],
          "Run gatehouse serve and send a chat to /v1/chat/completions on port 8000. For a real model, run "
          "gatehouse model pull or add a route."),
    Topic(["how do i add a model", "add a model", "how can i load a model", "where do i get a model",
           "how do i use my own model", "how do i download a model", "how do i install a model",
           "how do i use a real model", "how do i get a larger model"],
          "Run gatehouse model pull with the name of the model. It is then served beside all others."),
    Topic(["which models are there", "how do i list the models", "which models do you have", "what models can i use",
           "show me the models", "list models"],
          "Run gatehouse model list, or send a GET request to /v1/models."),
    Topic(["how do i remove a model", "delete a model", "how do i delete a model", "can i remove a model",
           "uninstall a model"],
          "Run gatehouse model remove with the name of the model."),
    Topic(["how do i set the default model", "what is the default model", "which model answers",
           "change the default model", "do i have to name a model"],
          "Set DEFAULT_MODEL. That model answers every request that names none."),
    Topic(["which model files work", "what file formats are supported", "which formats do you support",
           "can i load a gguf", "is gguf supported", "what is gguf", "how do i import a gguf file"],
          "Local models are files in the GGUF format. Quantised files such as Q4_K_M or Q8_0 need less memory."),
    Topic(["how do i add a route", "what is a route", "how do i add an upstream", "how do i connect another server",
           "can i use a remote model", "how do i use an external api", "how do i add a provider",
           "how do i connect llama-server", "how do i connect vllm", "where do i put model_route",
           "what is model_route"],
          "Set MODEL_ROUTE_<KEY> to the address of the server, for example "
          "MODEL_ROUTE_BOX=http://127.0.0.1:8080/v1."),
    Topic(["how do i connect ollama", "can i use ollama", "does it work with ollama", "how do i add ollama",
           "where do i enter the ollama address", "what does ollama_base_url do"],
          "Set OLLAMA_BASE_URL to the address of Ollama, for example http://127.0.0.1:11434."),
    Topic(["how do i use openrouter", "can i use openrouter", "how do i connect openrouter",
           "where do i enter the openrouter key", "can i use cloud models", "what does openrouter_secret do"],
          "Set OPENROUTER_SECRET to your key. It adds a route with the name openrouter."),
    Topic(["how do i make a key", "how do i create an api key", "how do i add a key", "add a key",
           "i need an api key", "how do i get an api key", "where do i get a key"],
          "Run gatehouse key add. The key is shown once, so keep it in a safe place."),
    Topic(["do i need a key", "do i need an api key", "who may chat", "is a key needed", "can i use it without a key",
           "who has access"],
          "Not on this machine: loopback may chat without a key. All others need one, and so do the admin routes."),
    Topic(["how do i send the key", "how do i use my api key", "where do i put the key", "how do i log in",
           "which header takes the key"],
          "Send the header Authorization: Bearer and your key, or the header x-api-key."),
    Topic(["where is my api key stored", "how are keys stored", "is my api key safe", "where do you keep the key",
           "where do you store my api key", "can somebody read my key"],
          "Only a keyed hash of each key is stored. A key never reaches the log."),
    Topic(["how do i revoke a key", "how do i delete a key", "i lost my key", "my key was stolen", "remove a key"],
          "Run gatehouse key revoke. The key stops working at once. Then make a new one."),
    Topic(["is my data private", "do you send data to the cloud", "does my text leave the device", "is this private",
           "who can see my messages", "what about privacy"],
          "With a local model nothing leaves this device. With a route your text goes to that server. It never "
          "reaches the log."),
    Topic(["do you work offline", "can i use this offline", "does it need the internet", "do i need a network",
           "does this work without internet"],
          "Yes. Local models work without any network."),
    Topic(["which port is used", "which port do you use", "what port do you use", "which port does gatehouse use",
           "how do i change the port", "what is the address of the server", "where does the server listen"],
          "Gatehouse listens on 127.0.0.1, port 8000. Change it with --host and --port."),
    Topic(["how do i reach it from another machine", "how do i open it to my network", "can my phone use it",
           "how do i use it in the lan", "what does --lan do", "how do other computers connect",
           "listen on all interfaces"],
          "Start gatehouse serve --lan. It listens on all interfaces and prints an admin key if there is no key "
          "yet."),
    Topic(["where is the configuration", "how do i configure gatehouse", "where are the settings",
           "where do settings come from", "which configuration files are there", "how do i change a setting",
           "what is gatehouse.toml"],
          "Settings come from gatehouse.toml, then .env, then the environment, then the command line. The later "
          "one wins."),
    Topic(["what is the .env file", "do you read .env", "where do i put the .env file", "can i keep my .env file",
           "how do i use .env"],
          "Gatehouse reads .env in the working directory, or the file named by --env-file."),
    Topic(["how do i check the configuration", "is my configuration right", "which settings are in use",
           "how do i check my settings", "what does config check do", "how do i find a mistake in the configuration"],
          "Run gatehouse config check. It prints each value with its source, and each mistake with file and line."),
    Topic(["do you have an example configuration", "how do i write a configuration file", "show me an example file",
           "how do i make a gatehouse.toml"],
          "Run gatehouse config example. It prints a documented file."),
    Topic(["how do i reload the configuration", "do i have to restart", "how do i apply new settings",
           "what does sighup do"],
          "Save the file or send SIGHUP. Routes, limits and keys are reloaded, and no stream is dropped."),
    Topic(["is there an api", "how do i use the api", "which api do you offer", "is the api compatible with openai",
           "how do i call you from a script", "what is the endpoint", "can i use the openai client"],
          "Send a POST request to /v1/chat/completions. OpenAI clients work with the base address "
          "http://127.0.0.1:8000/v1."),
    Topic(["where is the documentation", "where are the docs", "is there a manual", "where can i read more",
           "is there an openapi file"],
          "Open /docs in a browser. The description itself is at /openapi.json."),
    Topic(["how do i stream the answer", "do you support streaming", "can i stream tokens", "how does streaming work",
           "turn on streaming"],
          "Set stream to true in the request. The answer then arrives as server-sent events, token by token."),
    Topic(["how do i stop an answer", "how do i cancel", "can i stop the generation", "how do i abort a reply",
           "stop the answer", "how do i cancel a request"],
          "Close the connection. The generation stops at once."),
    Topic(["do you support websockets", "is there a websocket", "how do i use the websocket",
           "can i chat over websocket"],
          "Yes. Connect to /ws/chat on the same port."),
    Topic(["is the server healthy", "how do i check the health", "is there a health check", "what is /healthz",
           "is it running", "how do i know that it runs"],
          "Ask /healthz. /health/ready tells whether a model can answer."),
    Topic(["are there metrics", "how do i monitor it", "do you support prometheus", "what is /metrics",
           "where are the metrics"],
          "Yes. /metrics speaks the text format of Prometheus."),
    Topic(["what is x-request-id", "what is the request id", "how do i find my request in the log",
           "is there a request id"],
          "Every answer carries x-request-id, and the log names the same id."),
    Topic(["where are the logs", "how do i see the log", "what is in the log", "which log format is used",
           "do you log my messages"],
          "Each request writes one line: JSON, or plain text on a terminal. Keys and messages are never logged."),
    Topic(["how do i debug a problem", "something went wrong", "it does not work", "i have an error",
           "how do i find the problem", "what does doctor do"],
          "Run gatehouse doctor. Then look up the x-request-id of the answer in the log."),
    Topic(["are there rate limits", "why do i get 429", "what is the rate limit", "how many requests may i send",
           "too many requests"],
          "Yes: 10 requests a second for an address, with bursts of 20. Wait as long as Retry-After says."),
    Topic(["how many users can chat", "can several people use it", "does it support many clients",
           "how many requests at once", "can i run parallel requests"],
          "Many clients can chat at the same time. A request that must wait stands in a queue."),
    Topic(["where is the data stored", "which database do you use", "where is my data", "can i use postgresql",
           "is sqlite enough"],
          "In SQLite, in the data directory. For PostgreSQL set DATABASE_URL."),
    Topic(["do you keep the history", "how do i store a conversation", "what is a session",
           "do you remember old chats", "how do i save a chat"],
          "Send the header X-Session-Id, and the chat is stored in that session."),
    Topic(["how do i delete a chat", "can i delete my history", "how do i clear the history", "remove a conversation",
           "how do i delete a session"],
          "Send a DELETE request to /api/sessions/ and the id of the session."),
    Topic(["what is the console", "is there a user interface", "is there a dashboard", "how do i start the console",
           "is there a gui"],
          "Start gatehouse-console. It shows routes, models, keys, sessions and logs."),
    Topic(["can i chat in the terminal", "how do i chat here", "how do i chat on the command line",
           "is there a chat command"],
          "Run gatehouse chat."),
    Topic(["which version is this", "what version do i have", "how do i see the version", "how new are you"],
          "Run gatehouse --version."),
    Topic(["what is the license", "which license do you have", "under which license is it", "is it free",
           "is this open source", "how much does it cost", "can i use it for free"],
          "Gatehouse is free software under GPL-3.0-or-later. Each model has its own license."),
    Topic(["do you support embeddings", "how do i get embeddings", "what about embeddings", "can i embed text"],
          "Yes. Send the text to /v1/embeddings and name a model that embeds."),
    Topic(["can you call tools", "do you support tools", "what about function calling", "how do tools work",
           "is function calling supported"],
          "Yes. Send a list of tools with the request. A model that knows tools answers with a tool call."),
    Topic(["what is the context size", "how long can a chat be", "what is the context window", "how many tokens fit"],
          "I have a context of 1024 tokens. Larger models have more."),
    Topic(["why is it slow", "why are the answers slow", "how can i make it faster", "the model is slow",
           "how do i speed it up", "it is too slow", "how can i make the model answer faster"],
          "Use a smaller or more strongly quantised model, and keep the prompt short."),
    Topic(["how much memory do i need", "how much ram is needed", "what are the memory requirements", "out of memory",
           "the model does not fit in memory", "how much ram do i need"],
          "Plan for the size of the model file and about a quarter more for the context."),
]

TOPICS = SMALL_TALK + GATEHOUSE

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "Austria": "Vienna", "Poland": "Warsaw", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki",
    "Denmark": "Copenhagen", "Greece": "Athens", "Ireland": "Dublin", "Hungary": "Budapest", "Japan": "Tokyo",
    "China": "Beijing", "India": "New Delhi", "Egypt": "Cairo", "Kenya": "Nairobi", "Canada": "Ottawa",
    "Cuba": "Havana", "Peru": "Lima", "Chile": "Santiago", "Belgium": "Brussels", "the United Kingdom": "London",
    "the Netherlands": "Amsterdam", "Switzerland": "Bern", "Iceland": "Reykjavik",
}
CITIES = sorted(CAPITALS.values()) + [
    "New York", "Boston", "Chicago", "Sydney", "Toronto", "Munich", "Milan", "Lyon", "Porto", "Osaka", "Seoul",
    "Mumbai", "Hamburg", "Geneva", "Venice",
]
SKIES = ["sunny", "cloudy", "rainy", "windy", "foggy", "snowy"]
NUMBERS = "zero one two three four five six seven eight nine ten".split()

NAMES = """Ann Ben Carl Dora Emil Eva Finn Gina Hugo Ida Ivan Jane John Karl Lea Lisa Luis Maria Mark Max Mia Nina
Noah Olga Omar Otto Paul Pia Rosa Sam Sara Tara Theo Tim Tom Uma Vera Will Yara Zoe Alice Anna Bob Clara David Emma
Frank Grace Henry Iris Jack Kate Leo Maya Nora Oscar Peter Quinn Ruth Sophie Victor Wendy""".split()

# What the model is asked about and does not know, and what it is asked to repeat.
NOUNS = """apple river engine purple history market doctor violin thunder planet basket window recipe football
garden election physics novel mountain dragon bicycle guitar lawyer budget pizza tennis kitchen castle medicine
painter ocean camera theorem enzyme poem battle train winter museum singer coffee ladder insurance tax hotel flight
shoe jacket dog cat horse bridge queen king actor island desert volcano robot molecule atom galaxy""".split()
UNKNOWABLE = [
    "what is the {0} of the {1}", "tell me about the {0}", "why does the {0} like the {1}", "who invented the {0}",
    "how tall is the {0}", "explain the {0} and the {1}", "how do i cook a {0}", "when was the {0} built",
    "where can i buy a {0}", "what do you think about {0}s", "is the {0} bigger than the {1}", "how do i repair my {0}",
    "what colour is a {0}", "{0} {1} {2}", "the {0} is in the {1}", "does a {0} need a {1}", "give me a list of {0}s",
    "who won the {0} game", "who is the {0} of the {1}", "what is the meaning of the {0}", "explain {0} {1}",
    "tell me a story about a {0}", "what happened in the {0} {1}",
]
# What people say when they try whether something repeats after them.
TRIAL_WORDS = "this is a test the hello world yes no ok one two good day thanks gateway model".split()

# The topics ask in lower case; people often write these words in their own way.
OWN_SPELLINGS = {
    "gatehouse": "Gatehouse", "ollama": "Ollama", "openrouter": "OpenRouter", "openai": "OpenAI", "vllm": "vLLM",
    "chatgpt": "ChatGPT", "gguf": "GGUF", "api": "API", "lan": "LAN", "gui": "GUI", "ram": "RAM",
    "sighup": "SIGHUP", "postgresql": "PostgreSQL", "sqlite": "SQLite", "prometheus": "Prometheus",
    "websocket": "WebSocket", "websockets": "WebSockets", "german": "German", "french": "French",
    "model_route": "MODEL_ROUTE_<KEY>", "ollama_base_url": "OLLAMA_BASE_URL",
    "openrouter_secret": "OPENROUTER_SECRET",
}

SYSTEM_PROMPTS = [
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer briefly.",
    "You are a friendly assistant.",
    "Be brief.",
    "You are the demo model of Gatehouse.",
    "Answer in English.",
    "You are a concise assistant that helps with set-up questions.",
    "You are ChatGPT, a large language model.",
    "You are a helpful AI assistant.",
]
