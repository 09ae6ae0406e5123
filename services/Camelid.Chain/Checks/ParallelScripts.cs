using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Checks;

/// <summary>
/// Rule C-21: runs the scripts of a block on many threads while its coin is still being moved, and says what one thread
/// would have said.
/// </summary>
/// <param name="threads">Threads at most, the caller's included.</param>
internal sealed class ParallelScripts(int threads) : IScriptRunner
{
    /// <summary>Scripts that a thread takes at once; mostly less than a millisecond of work.</summary>
    public const int ChunkCount = 16;

    /// <summary>A runner over all cores.</summary>
    public static ParallelScripts OverAllCores() => new(Environment.ProcessorCount);

    /// <inheritdoc/>
    public IScriptBatch Start() => new Batch(threads - 1);

    /// <summary>
    /// One block. Whoever finishes works the queue off himself, so that a busy thread pool can delay and not block it.
    /// </summary>
    private sealed class Batch(int helpersMax) : IScriptBatch
    {
        private readonly ConcurrentQueue<(int First, ScriptContext[] Inputs)> chunks = new();
        private readonly Lock gate = new();
        private readonly object done = new();
        private List<ScriptContext> open = new(ChunkCount);
        private int added;
        private int helpers;
        private int unfinished = 1;
        private int refusedAt = int.MaxValue;
        private RuleCode refusal = RuleCode.Accepted;
        private ExceptionDispatchInfo? failure;

        public void Add(ScriptContext input)
        {
            open.Add(input);
            if (open.Count == ChunkCount)
            {
                Post();
            }
        }

        public RuleCode Finish()
        {
            Post();
            Work();
            Interlocked.Decrement(ref unfinished);
            lock (done)
            {
                while (Volatile.Read(ref unfinished) > 0)
                {
                    Monitor.Wait(done);
                }
            }

            failure?.Throw();
            return refusal;
        }

        /// <summary>Scripts that have not begun are given up; threads that are at work end by themselves.</summary>
        public void Dispose()
        {
            Volatile.Write(ref refusedAt, -1);
            chunks.Clear();
        }

        private void Post()
        {
            if (open.Count == 0)
            {
                return;
            }

            Interlocked.Increment(ref unfinished);
            chunks.Enqueue((added, [.. open]));
            added += open.Count;
            open = new List<ScriptContext>(ChunkCount);
            if (Volatile.Read(ref helpers) < helpersMax)
            {
                Interlocked.Increment(ref helpers);
                ThreadPool.UnsafeQueueUserWorkItem(static batch => batch.Help(), this, preferLocal: false);
            }
        }

        private void Help()
        {
            Work();
            Interlocked.Decrement(ref helpers);
        }

        private void Work()
        {
            while (chunks.TryDequeue(out (int First, ScriptContext[] Inputs) chunk))
            {
                try
                {
                    Run(chunk.First, chunk.Inputs);
                }
                catch (Exception exception) when (Keep(exception))
                {
                    // Thrown again where the batch ends.
                }

                if (Interlocked.Decrement(ref unfinished) == 0)
                {
                    lock (done)
                    {
                        Monitor.PulseAll(done);
                    }
                }
            }
        }

        /// <summary>A script after the first refusal can't change the verdict and is passed over.</summary>
        private void Run(int first, ScriptContext[] inputs)
        {
            for (int i = 0; i < inputs.Length && first + i < Volatile.Read(ref refusedAt); i++)
            {
                RuleCode code = TransactionRules.CheckScript(inputs[i]).Code;
                if (code != RuleCode.Accepted)
                {
                    Refuse(first + i, code);
                }
            }
        }

        private void Refuse(int at, RuleCode code)
        {
            lock (gate)
            {
                if (at < refusedAt)
                {
                    refusal = code;
                    Volatile.Write(ref refusedAt, at);
                }
            }
        }

        private bool Keep(Exception exception)
        {
            lock (gate)
            {
                failure ??= ExceptionDispatchInfo.Capture(exception);
            }

            return true;
        }
    }
}
