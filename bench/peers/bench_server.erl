%% The gen_server of the cast, call, spawn and bytes rows: it adds numbers.
-module(bench_server).
-behaviour(gen_server).
-export([start/0, start_hibernated/0, start_link/0, start_link/1]).
-export([init/1, handle_call/3, handle_cast/2]).

start() -> gen_server:start(?MODULE, plain, []).
start_hibernated() -> gen_server:start(?MODULE, hibernated, []).
start_link() -> gen_server:start_link(?MODULE, plain, []).
start_link(How) -> gen_server:start_link(?MODULE, How, []).

init(plain) -> {ok, 0};
init(hibernated) -> {ok, 0, hibernate}.

handle_call({add, K}, _From, Sum) -> {reply, Sum + K, Sum + K}.

handle_cast({add, K}, Sum) -> {noreply, Sum + K};
handle_cast({flush, From}, Sum) -> From ! done, {noreply, Sum}.
