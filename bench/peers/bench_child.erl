%% The child of the supervision rows: it tells that it is up, and fails when it is told to.
-module(bench_child).
-behaviour(gen_server).
-export([start_link/2, init/1, handle_call/3, handle_cast/2]).

start_link(How, Client) -> gen_server:start_link(?MODULE, {How, Client}, []).

%% One of many counts itself, the last one speaks; a single one gives its pid.
init({How, {Left, Client}}) ->
    case atomics:sub_get(Left, 1, 1) of
        0 -> Client ! all_up;
        _ -> ok
    end,
    {ok, How};
init({How, Client}) ->
    Client ! {up, self()},
    {ok, How}.

handle_call(_, _From, How) -> {reply, ok, How}.

handle_cast(fail, throw_error) -> error(boom);
handle_cast(fail, exit_reason) -> {stop, boom, exit_reason}.
