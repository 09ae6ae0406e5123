using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Camelid.Chain.Mining.Hashing;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Benchmarks.Chain;

/// <summary>
/// Nonces tried per second and thread, by every path that this machine has, beside <c>SHA256.HashData</c> twice. Where
/// there is AVX-512, a second process without it says what AVX2 gives on a machine that has no more.
/// </summary>
internal static class MinerBenchmark
{
    private const int PlatformHashes = 200_000;
    private const string WithoutAvx512 = "DOTNET_EnableAVX512", Million = "million nonces/s";

    /// <summary>The target 1: no nonce ends a search.</summary>
    private const uint HopelessBits = 0x01010000;

    public static async IAsyncEnumerable<Measurement> RunAsync()
    {
        BlockHeader header = Network.Regtest.Genesis.Header with { Bits = HopelessBits };
        HeaderWork work = new(header);
        byte[] bytes = header.Encode();
        foreach (NoncePath path in NoncePath.All.Where(path => path.IsSupported))
        {
            if (!PathCheck.Agrees(path, new Random(1)))
            {
                throw new InvalidOperationException($"{path.Name} disagrees with the platform's SHA-256");
            }

            NonceSearch search = path.Create();
            uint nonces = NoncesFor(search, work);
            List<double> rates = [];
            yield return await Measurement.RatioAsync(
                $"nonces by {path.Name} / SHA256.HashData twice, one thread",
                async () => await Measurement.SecondsAsync(() => HashTwice(bytes)) / PlatformHashes,
                async () =>
                {
                    double seconds = await Measurement.SecondsAsync(() => search.Find(work, 0, nonces - 1));
                    rates.Add(nonces / seconds / 1e6);
                    return seconds / nonces;
                });
            yield return Measurement.Of($"nonces by {path.Name}, one thread", [.. rates.Skip(1)], Million);
        }

        if (Avx512F.IsSupported)
        {
            foreach (Measurement measurement in await WithoutAvx512Async())
            {
                yield return measurement;
            }
        }
    }

    /// <summary>As many nonces as take about a fifth of a second.</summary>
    private static uint NoncesFor(NonceSearch search, HeaderWork work)
    {
        uint nonces = 1 << 14;
        while (true)
        {
            long started = Stopwatch.GetTimestamp();
            search.Find(work, 0, nonces - 1);
            if (Stopwatch.GetElapsedTime(started).TotalSeconds >= 0.2)
            {
                return nonces;
            }

            nonces *= 2;
        }
    }

    private static void HashTwice(byte[] header)
    {
        Span<byte> digest = stackalloc byte[Hash256.Bytes];
        for (int i = 0; i < PlatformHashes; i++)
        {
            BitConverter.TryWriteBytes(header.AsSpan(76), i);
            SHA256.HashData(header, digest);
            SHA256.HashData(digest, digest);
        }
    }

    private static async Task<IReadOnlyList<Measurement>> WithoutAvx512Async()
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        string program = Environment.GetCommandLineArgs()[0];
        string[] own = Path.GetExtension(program) == ".dll" ? [program] : [];
        foreach (string word in own.Concat(["chain", "miner", "--json"]))
        {
            start.ArgumentList.Add(word);
        }

        start.Environment[WithoutAvx512] = "0";
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return [.. MeasurementTable.Read(output)
            .Where(measurement => measurement.Name.Contains("avx2", StringComparison.Ordinal))
            .Select(measurement => measurement with { Name = $"{measurement.Name}, AVX-512 off" })];
    }
}
