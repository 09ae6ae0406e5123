using System.Diagnostics;

namespace Camelid.Fuzz;

/// <summary>What a run over one target saw.</summary>
/// <param name="Target">The target.</param>
/// <param name="Inputs">Inputs that ran.</param>
/// <param name="Accepted">Of these, how many the target took.</param>
/// <param name="AllocatedBytesMax">The most that one input allocated.</param>
/// <param name="Took">How long the run took.</param>
/// <param name="SlowestInput">The longest that one input took.</param>
/// <param name="Finding">What went wrong, or null.</param>
internal sealed record FuzzReport(
    string Target, long Inputs, long Accepted, long AllocatedBytesMax, TimeSpan Took, TimeSpan SlowestInput,
    FuzzFinding? Finding);

/// <summary>An input that did harm.</summary>
/// <param name="Target">The target.</param>
/// <param name="Seed">The seed of the run; with it and the index the input is made again.</param>
/// <param name="Index">The input's number; below zero for the corpus.</param>
/// <param name="Harm">What it did.</param>
/// <param name="Input">The input.</param>
internal sealed record FuzzFinding(string Target, int Seed, long Index, string Harm, byte[] Input)
{
    /// <summary>All that is needed to do it again.</summary>
    public override string ToString() =>
        $"{Target}, seed {Seed}, input {Index}: {Harm}\ninput (hex): {Convert.ToHexStringLower(Input)}\n"
        + $"again: ./camelid bench fuzz {Target} --seed {Seed} --inputs {Math.Max(1, Index + 1)}";
}

/// <summary>
/// Runs a target on its corpus and on inputs made from it: nothing may be thrown, none may allocate more than allowed,
/// none may take longer than <see cref="HangSeconds"/>. An input that is taken joins the pool, so that later ones
/// reach deeper. Equal seeds make equal inputs.
/// </summary>
internal sealed class FuzzRun(IFuzzTarget target, int seed)
{
    /// <summary>An input that runs for so long hangs; the slowest honest one takes some milliseconds.</summary>
    public const int HangSeconds = 30;

    private const int PoolMax = 256;

    private readonly Random random = new(seed ^ StableHash(target.Name));
    private readonly List<byte[]> pool = [];
    private long accepted;
    private long allocatedMax;
    private long slowestTicks;
    private long index;
    private volatile byte[] current = [];
    private FuzzFinding? finding;

    /// <summary>Inputs done so far; may be read from another thread.</summary>
    public long Done => Interlocked.Read(ref index);

    /// <summary>Runs the corpus and then so many inputs.</summary>
    /// <param name="inputs">How many, the corpus not counted.</param>
    /// <param name="hangSeconds">For tests of the hang alarm; else <see cref="HangSeconds"/>.</param>
    public FuzzReport Run(long inputs, int hangSeconds = HangSeconds)
    {
        // On a thread of its own, so that a hang can be told; a thread that hangs can't be ended, only left behind.
        long started = Stopwatch.GetTimestamp();
        Thread worker = new(() => Work(inputs)) { IsBackground = true, Name = $"fuzz {target.Name}" };
        worker.Start();
        long seen = -1;
        while (!worker.Join(TimeSpan.FromSeconds(hangSeconds)))
        {
            long done = Done;
            if (done == seen)
            {
                return Report(started, new FuzzFinding(target.Name, seed, done, $"hangs ({hangSeconds} s)", current));
            }

            seen = done;
        }

        return Report(started, finding);
    }

    private void Work(long inputs)
    {
        byte[][] files = [.. Corpus.Of(target.Name).Select(input => input.Bytes)];
        byte[][] first = [.. files, .. target.Samples()];

        // What runs for the first time allocates more: tables, code, the genesis block.
        foreach (byte[] input in first)
        {
            Try(input, -1, isMeasured: false);
        }

        for (int i = 0; i < first.Length && finding is null; i++)
        {
            pool.Add(first[i]);
            Try(first[i], i - first.Length, isMeasured: true);
        }

        Mutator mutator = new(random);
        for (long i = 0; i < inputs && finding is null; i++)
        {
            byte[] input = mutator.Next(pool);
            if (Try(input, i, isMeasured: true))
            {
                Keep(input);
            }

            Interlocked.Exchange(ref index, i + 1);
        }
    }

    private bool Try(byte[] input, long at, bool isMeasured)
    {
        current = input;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        try
        {
            bool taken = target.Run(input);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (isMeasured)
            {
                slowestTicks = Math.Max(slowestTicks, Stopwatch.GetTimestamp() - started);
                accepted += taken ? 1 : 0;
                allocatedMax = Math.Max(allocatedMax, allocated);
                long allowed = target.Allowance.For(input.Length);
                finding ??= allocated > allowed
                    ? new FuzzFinding(target.Name, seed, at, $"allocates {allocated}, allowed {allowed}", input)
                    : null;
            }

            return taken;
        }
        catch (Exception harm) when (harm is not OutOfMemoryException)
        {
            finding ??= new FuzzFinding(target.Name, seed, at, harm.ToString(), input);
            return false;
        }
    }

    private void Keep(byte[] input)
    {
        if (pool.Count < PoolMax)
        {
            pool.Add(input);
            return;
        }

        // The first ones, the corpus, stay.
        int place = random.Next(PoolMax);
        if (place >= PoolMax / 4)
        {
            pool[place] = input;
        }
    }

    private FuzzReport Report(long started, FuzzFinding? harm) => new(
        target.Name, Done, accepted, allocatedMax, Stopwatch.GetElapsedTime(started),
        Stopwatch.GetElapsedTime(0, slowestTicks), harm);

    /// <summary>FNV-1a: the same in every process, unlike the platform's hash of a text.</summary>
    private static int StableHash(string text)
    {
        uint hash = 2_166_136_261;
        foreach (char letter in text)
        {
            hash = unchecked((hash ^ letter) * 16_777_619);
        }

        return unchecked((int)hash);
    }
}
