"""Endpoints that answer page by page, and how to go through all pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, overload

from typing_extensions import Self

from .endpoint import Async, AsyncRaw, Endpoint, Sync, SyncRaw
from .operation import Caller, Operation
from .request import Request
from .response import AsyncHttpResponse, HttpResponse

P = ParamSpec("P")
Item = TypeVar("Item")


class Numbered(Protocol):
    """A page, as the service numbers it."""

    @property
    def page(self) -> float | None: ...
    @property
    def limit(self) -> float | None: ...


Page = TypeVar("Page", bound=Numbered)


class Pages(Generic[Page, Item]):
    """All that a listing holds, asked for page by page as the loop goes on: items, or with ``pages()`` whole pages.

    Each loop starts anew, and raises ``ApiError`` when a page is refused.
    """

    def __init__(
        self,
        ask: Callable[[], Generator[HttpResponse[Page], None, None]],
        items: Callable[[Page], Iterable[Item] | None],
    ) -> None:
        self._ask = ask
        self._items = items

    def __iter__(self) -> Generator[Item, None, None]:
        for page in self.pages():
            yield from self._items(page) or ()

    def pages(self) -> Generator[Page, None, None]:
        """Ask for one page after the other."""
        for response in self._ask():
            yield response.data


class AsyncPages(Generic[Page, Item]):
    """What :class:`Pages` is, for ``async for``."""

    def __init__(
        self,
        ask: Callable[[], AsyncGenerator[AsyncHttpResponse[Page], None]],
        items: Callable[[Page], Iterable[Item] | None],
    ) -> None:
        self._ask = ask
        self._items = items

    async def __aiter__(self) -> AsyncGenerator[Item, None]:
        async for page in self.pages():
            for item in self._items(page) or ():
                yield item

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Ask for one page after the other."""
        async for response in self._ask():
            yield response.data


class Paging(Operation[P], Generic[P, Page, Item]):
    """Goes through all pages of an endpoint that takes ``page`` and ``limit``, from the page that is asked for."""

    def __init__(self, endpoint: Endpoint[P, Page], items: Callable[[Page], Iterable[Item] | None]) -> None:
        super().__init__(endpoint.describe)
        self._endpoint = endpoint
        self._request: Callable[..., Request[Page]] = endpoint.request
        self._items = items
        self.__doc__ = (
            f"Go through all pages of ``{endpoint.describe.__name__}``, whose arguments these are: items one by one, "
            "or with ``.pages()`` whole pages. ``page`` is where to start. On raw clients, the responses."
        )

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    if TYPE_CHECKING:

        @overload
        def __get__(self, caller: None, owner: type[Caller]) -> Callable[..., Any]: ...
        @overload
        def __get__(self, caller: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(self, caller: Sync, owner: type[Any]) -> Callable[P, Pages[Page, Item]]: ...
        @overload
        def __get__(self, caller: Async, owner: type[Any]) -> Callable[P, AsyncPages[Page, Item]]: ...
        @overload
        def __get__(
            self, caller: SyncRaw, owner: type[Any]
        ) -> Callable[P, Generator[HttpResponse[Page], None, None]]: ...
        @overload
        def __get__(
            self, caller: AsyncRaw, owner: type[Any]
        ) -> Callable[P, AsyncGenerator[AsyncHttpResponse[Page], None]]: ...
        def __get__(self, caller: Any, owner: type[Any]) -> Any: ...

    def expose(self, function: Callable[..., Any], returns: Any) -> Callable[..., Any]:
        function = super().expose(function, returns)
        function.__name__ = self._name
        function.__qualname__ = f"{function.__qualname__.rpartition('.')[0]}.{self._name}"
        function.__doc__ = self.__doc__
        return function

    def sync(self) -> Callable[..., Any]:
        def call(caller: Sync, *args: P.args, **kwargs: P.kwargs) -> Pages[Page, Item]:
            self._endpoint.check(kwargs)
            return Pages(partial(self._responses, caller, *args, **kwargs), self._items)

        return self.expose(call, Pages)

    def asynchronous(self) -> Callable[..., Any]:
        def call(caller: Async, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[Page, Item]:
            self._endpoint.check(kwargs)
            return AsyncPages(partial(self._responses_async, caller, *args, **kwargs), self._items)

        return self.expose(call, AsyncPages)

    def sync_raw(self) -> Callable[..., Any]:
        def call(caller: SyncRaw, *args: P.args, **kwargs: P.kwargs) -> Generator[HttpResponse[Page], None, None]:
            self._endpoint.check(kwargs)
            return self._responses(caller, *args, **kwargs)

        return self.expose(call, Generator[HttpResponse[Any], None, None])

    def asynchronous_raw(self) -> Callable[..., Any]:
        def call(caller: AsyncRaw, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[AsyncHttpResponse[Page], None]:
            self._endpoint.check(kwargs)
            return self._responses_async(caller, *args, **kwargs)

        return self.expose(call, AsyncGenerator[AsyncHttpResponse[Any], None])

    def _responses(
        self, caller: Sync | SyncRaw, *args: Any, **kwargs: Any
    ) -> Generator[HttpResponse[Page], None, None]:
        turning = Turning(self._items, kwargs.pop("page", None))
        while turning.goes_on:
            response = caller._driver.send(self._request(*args, page=turning.number, **kwargs))
            if turning.is_new(response.data):
                yield response

    async def _responses_async(
        self, caller: Async | AsyncRaw, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[AsyncHttpResponse[Page], None]:
        turning = Turning(self._items, kwargs.pop("page", None))
        while turning.goes_on:
            response = await caller._driver.send(self._request(*args, page=turning.number, **kwargs))
            if turning.is_new(response.data):
                yield response


class Turning(Generic[Page, Item]):
    """Which page comes next. The number of the first one is the service's own, so it is taken from the answer."""

    def __init__(self, items: Callable[[Page], Iterable[Item] | None], number: float | None) -> None:
        self.number = number
        self.goes_on = True
        self._items = items
        self._seen: list[Item] | None = None

    def is_new(self, page: Page) -> bool:
        """Take in a page. One that has the items of the page before comes from a service that does not turn pages."""
        held = list(self._items(page) or ())
        if held and held == self._seen:
            self.goes_on = False
            return False
        number = self.number if page.page is None else page.page
        full = bool(held) and not (page.limit and len(held) < page.limit)
        self.goes_on = full and (self.number is None or self.number == number)
        self.number = int(number or 0) + 1
        self._seen = held
        return True
