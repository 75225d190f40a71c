%% OTP's dynamic supervisor (simple_one_for_one) over bench_server.
-module(bench_sup).
-behaviour(supervisor).
-export([start_link/0, init/1]).

start_link() -> supervisor:start_link(?MODULE, []).

init([]) ->
    Flags = #{strategy => simple_one_for_one, intensity => 3, period => 5},
    Child = #{id => idle, start => {bench_server, start_link, []}, restart => temporary, shutdown => brutal_kill},
    {ok, {Flags, [Child]}}.
