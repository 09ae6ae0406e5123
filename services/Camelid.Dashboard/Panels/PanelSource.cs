using System.Diagnostics;
using Grpc.Core;

namespace Camelid.Dashboard.Panels;

/// <summary>
/// One panel's question to one service. Viewers share its answers, each question has a short deadline, and a service
/// that
/// is down costs only its own panels.
/// </summary>
/// <typeparam name="T">What the panel shows.</typeparam>
/// <param name="service">Name of the service, for messages.</param>
/// <param name="ask">The question.</param>
/// <param name="time">The clock.</param>
internal sealed class PanelSource<T>(string service, Func<CallOptions, Task<T>> ask, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private PanelState<T> state = new();
    private Task<PanelState<T>>? asking;
    private long askedAt;

    /// <summary>The newest state, asked for again where the last question is older than 400 ms.</summary>
    public Task<PanelState<T>> GetAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (asking is null || (asking.IsCompleted && time.GetElapsedTime(askedAt) >= FreshFor))
            {
                askedAt = time.GetTimestamp();
                asking = AskAsync();
            }

            return asking.WaitAsync(cancellationToken);
        }
    }

    private async Task<PanelState<T>> AskAsync()
    {
        string requestId = Activity.Current?.TraceId.ToHexString() ?? ActivityTraceId.CreateRandom().ToHexString();
        try
        {
            T answer = await ask(new CallOptions(deadline: (time.GetUtcNow() + Patience).UtcDateTime));
            state = new PanelState<T> { Value = answer, At = time.GetUtcNow() };
        }
        catch (RpcException exception)
        {
            state = state.Refused($"{service} does not answer ({exception.StatusCode})", requestId);
        }

        return state;
    }
}
