using System.Collections.Concurrent;
using Camelid.Contracts.JobPool.V1;

namespace Camelid.JobPool.Workers;

/// <summary>Who reported within the last seconds, in memory: after a restart each worker says it again within 2 s.</summary>
internal sealed class WorkerRoster(JobPoolOptions options, TimeProvider time)
{
    /// <summary>Most workers remembered.</summary>
    public const int WorkersMax = 1024;

    private readonly ConcurrentDictionary<string, (WorkerReport Report, long SeenMs)> workers = new(StringComparer.Ordinal);

    /// <summary>Notes a report. False where the roster is full of living workers.</summary>
    public bool Note(WorkerReport report)
    {
        Sweep();
        if (workers.Count >= WorkersMax && !workers.ContainsKey(report.Worker))
        {
            return false;
        }

        workers[report.Worker] = (report, Now);
        return true;
    }

    /// <summary>The living workers, by name.</summary>
    public IReadOnlyList<WorkerReport> Alive()
    {
        Sweep();
        return [.. workers.Values.Select(worker => worker.Report).OrderBy(report => report.Worker, StringComparer.Ordinal)];
    }

    /// <summary>True where a living worker has the model.</summary>
    public bool HasModel(ReadOnlySpan<byte> modelRoot)
    {
        foreach (WorkerReport worker in Alive())
        {
            foreach (Google.Protobuf.ByteString root in worker.ModelRoots)
            {
                if (root.Span.SequenceEqual(modelRoot))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Sweep()
    {
        long oldest = Now - (options.WorkerSeconds * 1000L);
        foreach ((string name, (WorkerReport _, long seen)) in workers)
        {
            if (seen < oldest)
            {
                workers.TryRemove(name, out _);
            }
        }
    }
}
