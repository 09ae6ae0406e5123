using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.TestKit.Kills;

/// <summary>What a chain is doing when it is killed.</summary>
public enum KilledWork
{
    /// <summary>It starts.</summary>
    Start,

    /// <summary>It mines, and says of each block that it has it.</summary>
    Mining,

    /// <summary>It fetches blocks that were mined while it was away.</summary>
    Sync,

    /// <summary>It leaves its own blocks for a longer branch.</summary>
    Reorg,
}

/// <summary>What came of the kills.</summary>
/// <param name="Kills">How many, by what it was doing.</param>
/// <param name="Torn">After how many of them files were torn, too.</param>
/// <param name="Acknowledged">Blocks that it had said it has.</param>
/// <param name="Height">Of the chain at the end.</param>
public sealed record KillReport(
    IReadOnlyDictionary<KilledWork, int> Kills, int Torn, int Acknowledged, int Height);

/// <summary>
/// A chain that is killed by SIGKILL again and again beside one that is not: it must start, must have every block that
/// it acknowledged, and must come to the same supply and the same balances. One seed decides what is done and when;
/// what the machine makes of it differs from run to run.
/// </summary>
/// <param name="folder">An empty folder.</param>
/// <param name="seed">What decides.</param>
/// <param name="tell">Takes a line for each kill.</param>
public sealed class KillRun(string folder, int seed, Action<string> tell) : IAsyncDisposable
{
    private const int DelayMilliseconds = 1_500;
    private const int RecentBlocks = 40;

    private readonly Random random = new(seed);
    private readonly int peerPort = ChainProcess.FreePort();
    private readonly HashSet<string> acknowledged = [];
    private readonly Queue<string> recent = [];
    private readonly Dictionary<KilledWork, int> kills =
        Enum.GetValues<KilledWork>().ToDictionary(work => work, _ => 0);
    private ChainProcess? witness;
    private ChainProcess? victim;
    private int torn;

    private string VictimFolder => Path.Combine(folder, "victim");

    private string PeerAddress => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{peerPort}");

    private ChainProcess Witness => witness ?? throw new InvalidOperationException("not started");

    private ChainProcess Victim => victim ?? throw new InvalidOperationException("not started");

    /// <summary>Kills the chain so many times.</summary>
    /// <exception cref="LossException">Something was lost.</exception>
    public async Task<KillReport> RunAsync(int count, CancellationToken cancellation)
    {
        witness = ChainProcess.Start(Path.Combine(folder, "witness"), mines: false, peerPort, 0);
        victim = StartVictim();
        await KillChecks.UntilAsync(Victim, status => (bool)status["ready"]!, cancellation);
        for (int number = 1; number <= count; number++)
        {
            KilledWork work = (KilledWork)random.Next(4);
            Stopwatch time = Stopwatch.StartNew();
            await KillAsync(work, cancellation);
            string tears = random.Next(3) == 0
                ? TornFiles.Tear(Path.Combine(VictimFolder, "regtest", "chain"), random)
                : "";
            torn += tears.Length > 0 ? 1 : 0;
            kills[work]++;
            (long height, TimeSpan start) = await CheckAsync(tears, cancellation);
            tell(string.Create(
                CultureInfo.InvariantCulture,
                $"kill {number} of {count}: {work}, back at height {height} after {start.TotalSeconds:0.0} s; all of "
                + $"it {time.Elapsed.TotalSeconds:0.0} s{(tears.Length == 0 ? "" : $"; torn: {tears}")}"));
        }

        await KillChecks.HasAllAsync(Victim, acknowledged, cancellation);
        JsonNode end = await KillChecks.UntilAsync(Victim, _ => true, cancellation);
        await StopAsync(Victim, cancellation);
        await StopAsync(Witness, cancellation);
        return new KillReport(kills, torn, acknowledged.Count, (int)end["height"]!);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ChainProcess? process in new[] { victim, witness })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }
    }

    private ChainProcess StartVictim() => ChainProcess.Start(VictimFolder, mines: true, 0, peerPort);

    private async Task KillAsync(KilledWork work, CancellationToken cancellation)
    {
        switch (work)
        {
            case KilledWork.Start:
                await RestartAsync(cancellation);
                await Task.Delay(random.Next(DelayMilliseconds), cancellation);
                break;
            case KilledWork.Mining:
                await MineWhileAsync(Task.Delay(random.Next(DelayMilliseconds), cancellation), cancellation);
                break;
            case KilledWork.Sync:
                await EndAsync(cancellation);
                await MineAsync(Witness, 10 + random.Next(60), cancellation);
                victim = StartVictim();
                await Task.Delay(DelayMilliseconds / 4 + random.Next(2 * DelayMilliseconds), cancellation);
                break;
            case KilledWork.Reorg:
                await Victim.PostAsync($"/api/chain/peers/disconnect?peer={PeerAddress}", cancellation);
                int own = 1 + random.Next(5);
                Note(await MineAsync(Victim, own, cancellation));
                await MineAsync(Witness, own + 3 + random.Next(5), cancellation);
                await Victim.PostAsync($"/api/chain/peers/connect?address={PeerAddress}", cancellation);
                await Task.Delay(random.Next(DelayMilliseconds / 5), cancellation);
                break;
            default:
                throw new UnreachableException();
        }

        await EndAsync(cancellation);
    }

    private async Task EndAsync(CancellationToken cancellation)
    {
        await Victim.KillAsync(cancellation);
        await Victim.DisposeAsync();
    }

    private async Task RestartAsync(CancellationToken cancellation)
    {
        await EndAsync(cancellation);
        victim = StartVictim();
    }

    /// <summary>Lets the victim mine until a moment, and kills it then, whatever it does.</summary>
    private async Task MineWhileAsync(Task moment, CancellationToken cancellation)
    {
        Task mining = MineUntilKilledAsync(cancellation);
        await moment;
        await Victim.KillAsync(cancellation);
        await mining;
    }

    private async Task MineUntilKilledAsync(CancellationToken cancellation)
    {
        try
        {
            while (!Victim.HasEnded)
            {
                Note(await MineAsync(Victim, 1 + random.Next(3), cancellation));
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // Killed: what it did not answer, it did not acknowledge.
        }
    }

    private static async Task<IReadOnlyList<string>> MineAsync(
        ChainProcess process, int count, CancellationToken cancellation)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/api/chain/mine?count={count}");
        return [.. (await process.PostAsync(path, cancellation))!.AsArray().Select(hash => (string)hash!)];
    }

    private void Note(IEnumerable<string> hashes)
    {
        foreach (string hash in hashes.Where(acknowledged.Add))
        {
            recent.Enqueue(hash);
            if (recent.Count > RecentBlocks)
            {
                recent.Dequeue();
            }
        }
    }

    private async Task<(long Height, TimeSpan Start)> CheckAsync(string tears, CancellationToken cancellation)
    {
        Stopwatch time = Stopwatch.StartNew();
        victim = StartVictim();
        JsonNode back = await KillChecks.UntilAsync(Victim, _ => true, cancellation);
        TimeSpan start = time.Elapsed;
        if (tears.Length == 0
            && Victim.Said.FirstOrDefault(line => line.Contains("Damaged: ", StringComparison.Ordinal)) is { } damage)
        {
            throw new LossException($"a process that was only killed left damage behind: {damage}", Victim);
        }

        await KillChecks.HasAllAsync(Victim, recent, cancellation);
        await ConvergeAsync(cancellation);
        await KillChecks.AgreeAsync(Victim, Witness, cancellation);
        return ((long)back["height"]!, start);
    }

    /// <summary>
    /// Both come to one tip: where two branches are equal, the witness mines, since each keeps what it saw first.
    /// </summary>
    private async Task ConvergeAsync(CancellationToken cancellation)
    {
        await KillChecks.UntilAsync(Victim, status => (int)status["peerCount"]! > 0, cancellation);
        Stopwatch time = Stopwatch.StartNew();
        for (int polls = 1; ; polls++)
        {
            JsonNode ours = await KillChecks.UntilAsync(Victim, _ => true, cancellation);
            JsonNode theirs = await KillChecks.UntilAsync(Witness, _ => true, cancellation);
            if ((string)ours["tipHash"]! == (string)theirs["tipHash"]!)
            {
                return;
            }

            if (time.Elapsed > KillChecks.WaitMax)
            {
                throw new LossException($"no common tip: {ours.ToJsonString()} and {theirs.ToJsonString()}", Victim);
            }

            if ((int)ours["height"]! == (int)theirs["height"]! && polls % 10 == 0)
            {
                await MineAsync(Witness, 1, cancellation);
            }

            await Task.Delay(KillChecks.Pause, cancellation);
        }
    }

    private static async Task StopAsync(ChainProcess process, CancellationToken cancellation)
    {
        if (await process.StopAsync(cancellation) is not 0)
        {
            throw new LossException("SIGTERM did not end it with exit code 0", process);
        }
    }
}
