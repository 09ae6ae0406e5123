using System.Runtime.CompilerServices;
using Camelid.Contracts.JobPool.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Gateway.Jobs;

/// <summary>
/// Follows a job to its end, across restarts of JobPool: a broken stream is taken up at the next token.
/// </summary>
internal sealed class JobWatch(JobPoolRpc.JobPoolRpcClient jobPool, TimeProvider time)
{
    private const int ReconnectsMax = 20;
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Each token once and in order, changes of state, and the answer, which is last.</summary>
    public async IAsyncEnumerable<JobEvent> WatchAsync(
        ByteString jobId, uint fromIndex, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        uint next = fromIndex;
        for (int reconnects = 0; ; reconnects++)
        {
            using AsyncServerStreamingCall<JobEvent> call = jobPool.WatchJob(
                new WatchJobRequest { JobId = jobId, FromIndex = next }, cancellationToken: cancellationToken);
            while (await NextAsync(call, reconnects < ReconnectsMax, cancellationToken) is { } jobEvent)
            {
                if (jobEvent.Token is { } token)
                {
                    if (token.Index < next)
                    {
                        continue;
                    }

                    next = token.Index + 1;
                    reconnects = 0;
                }

                yield return jobEvent;
                if (jobEvent.EventCase == JobEvent.EventOneofCase.Answer)
                {
                    yield break;
                }
            }

            await Task.Delay(ReconnectPause, time, cancellationToken);
        }
    }

    /// <summary>The next event, or null where the stream ended or broke without an answer.</summary>
    private static async Task<JobEvent?> NextAsync(
        AsyncServerStreamingCall<JobEvent> call, bool mayReconnect, CancellationToken cancellationToken)
    {
        try
        {
            if (await call.ResponseStream.MoveNext(cancellationToken))
            {
                return call.ResponseStream.Current;
            }
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled
            && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (RpcException exception) when (mayReconnect
            && exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled)
        {
            return null;
        }

        return mayReconnect
            ? null
            : throw new RpcException(new Status(StatusCode.Unavailable, "the job's stream ended early"));
    }
}
