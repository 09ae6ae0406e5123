using Camelid.ModelRuntime.Graphs;

namespace Camelid.Benchmarks.Runtime;

/// <summary>The slot graph alone: a slot per row, no drafting, no engine.</summary>
internal sealed class SlotDecoder(LoadedPackage package) : IDecoder
{
    /// <summary>Tokens of all slots in one call of a prefill.</summary>
    private const int ChunkTokens = 512;

    private readonly Dictionary<int, SlotSession> sessions = [];
    private readonly Dictionary<int, KeyValueCache[]> caches = [];
    private SlotSession? session;
    private KeyValueCache[] cache = [];
    private SlotWork[] work = [];
    private uint[][] inputs = [];
    private int[] past = [];

    public void Reset(int rows)
    {
        if (!sessions.TryGetValue(rows, out session))
        {
            sessions[rows] = session = package.CreateSession(rows);
            int tokens = package.Package.Manifest.ContextTokensMax;
            caches[rows] = [.. Enumerable.Range(0, rows).Select(_ => session.CreateCache(tokens))];
        }

        cache = caches[rows];
        work = new SlotWork[rows];
        past = new int[rows];
        inputs = [.. Enumerable.Range(0, rows).Select(_ => new uint[1])];
    }

    public void Prefill(uint[][] prompts)
    {
        int length = prompts[0].Length;
        int chunk = ChunkTokens / past.Length;
        for (int from = 0; from < length; from += chunk)
        {
            int count = Math.Min(chunk, length - from);
            int wanted = from + count == length ? count - 1 : count;
            for (int row = 0; row < past.Length; row++)
            {
                work[row] = new SlotWork(cache[row], past[row], prompts[row].AsMemory(from, count), wanted);
            }

            Run(count);
        }

        Choose();
    }

    public void Step()
    {
        for (int row = 0; row < past.Length; row++)
        {
            work[row] = new SlotWork(cache[row], past[row], inputs[row], 0);
        }

        Run(1);
        Choose();
    }

    public uint Token(int row) => inputs[row][0];

    public ReadOnlySpan<float> Logits(int row) => session!.Logits(row);

    public void Dispose()
    {
        foreach ((int rows, SlotSession each) in sessions)
        {
            Array.ForEach(caches[rows], item => item.Dispose());
            each.Dispose();
        }
    }

    private void Run(int count)
    {
        session!.Run(work);
        for (int row = 0; row < past.Length; row++)
        {
            past[row] += count;
        }
    }

    private void Choose()
    {
        for (int row = 0; row < past.Length; row++)
        {
            inputs[row][0] = (uint)IndexOfMax(session!.Logits(row));
        }
    }

    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
