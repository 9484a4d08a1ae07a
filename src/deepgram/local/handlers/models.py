"""Models that hear and voices that speak here, and the models that agents can name to think with."""

from __future__ import annotations

from ...protocol.agent_settings import ThinkModels
from ...protocol.manage.models import Models, ProjectModels
from ...protocol.models.agent_models import AgentThinkModelsV1Response
from ...protocol.models.model_list import (
    GetModelV1Response,
    GetModelV1ResponseBatch,
    GetModelV1ResponseMetadata,
    ListModelsV1Response,
    ListModelsV1ResponseSttModels,
    ListModelsV1ResponseTtsModels,
)
from ..arguments import Query
from ..database import Absent
from ..engines.recognizer import EngineInfo
from ..model_ids import model_id
from ..router import Asked, Router
from ..services import Services
from ..voices import VERSION, Voice, catalogue

# What the service's reference names (developers.deepgram.com/reference/voice-agent/think-models). A program can ask for
# any of them; who answers is decided when the server is started.
THINK_MODELS = {
    "open_ai": {
        "gpt-5": "GPT-5",
        "gpt-5-mini": "GPT-5 mini",
        "gpt-5-nano": "GPT-5 nano",
        "gpt-4.1": "GPT-4.1",
        "gpt-4.1-mini": "GPT-4.1 mini",
        "gpt-4.1-nano": "GPT-4.1 nano",
        "gpt-4o": "GPT-4o",
        "gpt-4o-mini": "GPT-4o mini",
    },
    "anthropic": {
        "claude-3-5-haiku-latest": "Claude 3.5 Haiku",
        "claude-sonnet-4-20250514": "Claude Sonnet 4",
    },
    "google": {
        "gemini-2.5-flash": "Gemini 2.5 Flash",
        "gemini-2.0-flash": "Gemini 2.0 Flash",
        "gemini-2.0-flash-lite": "Gemini 2.0 Flash-Lite",
    },
    "groq": {"openai/gpt-oss-20b": "GPT OSS 20B"},
}


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Models.list)(list_models)
    router.answers(Models.get)(get_model)
    router.answers(ProjectModels.list)(list_models)
    router.answers(ProjectModels.get)(get_model)
    router.answers(ThinkModels.list)(list_think_models)


async def list_models(asked: Asked) -> ListModelsV1Response:
    """Answer with the engine's model and the voices. There are no outdated ones."""
    Query(asked).flag("include_outdated")
    return ListModelsV1Response(
        stt=[ListModelsV1ResponseSttModels.model_validate(_hearing(info, asked.services)) for info in _infos(asked)],
        tts=[ListModelsV1ResponseTtsModels.model_validate(_speaking(voice)) for voice in catalogue().values()],
    )


async def get_model(asked: Asked) -> GetModelV1Response:
    """Answer with a model, asked for by its id or by what goes into the parameter ``model``."""
    wanted = asked.arguments["model_id"]
    for info in _infos(asked):
        if wanted in (model_id(info), _canonical(info)):
            return GetModelV1ResponseBatch.model_validate(_hearing(info, asked.services))
    for voice in catalogue().values():
        if wanted in (voice.uuid, voice.model):
            return GetModelV1ResponseMetadata.model_validate(_speaking(voice))
    raise Absent("model")


async def list_think_models(asked: Asked) -> AgentThinkModelsV1Response:
    """Answer with the models that the settings of an agent may name."""
    return AgentThinkModelsV1Response.model_validate(
        {
            "models": [
                {"id": name, "name": title, "provider": provider}
                for provider, models in THINK_MODELS.items()
                for name, title in models.items()
            ]
        }
    )


def _infos(asked: Asked) -> list[EngineInfo]:
    return [asked.services.pool.info]


def _canonical(info: EngineInfo) -> str:
    return f"{info.name}-{info.model}"


def _hearing(info: EngineInfo, services: Services) -> dict[str, object]:
    return {
        "name": info.model,
        "canonical_name": _canonical(info),
        "architecture": info.name,
        "languages": [*info.languages],
        "version": info.version,
        "uuid": model_id(info),
        "batch": True,
        "streaming": services.live.info.streams,
        "formatted_output": True,
    }


def _speaking(voice: Voice) -> dict[str, object]:
    return {
        "name": voice.name,
        "canonical_name": voice.model,
        "architecture": voice.family,
        "languages": [voice.language],
        "version": VERSION,
        "uuid": voice.uuid,
        "metadata": {"tags": []},
    }
