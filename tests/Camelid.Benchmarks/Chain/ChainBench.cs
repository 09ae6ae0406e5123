namespace Camelid.Benchmarks.Chain;

/// <summary>
/// <c>./camelid bench chain [PART…] [--json]</c>: what the chain node costs, in ratios of things that are measured side
/// by side. Without a part: all of them, in this order.
/// </summary>
internal static class ChainBench
{
    private static readonly (string Name, Func<IAsyncEnumerable<Measurement>> Run)[] Parts =
    [
        ("connect", BlockConnectionBenchmark.RunAsync),
        ("miner", MinerBenchmark.RunAsync),
        ("utxo", UtxoBenchmark.RunAsync),
        ("sync", SyncBenchmark.RunAsync),
    ];

    /// <summary>Returns 0, or 2 where the arguments are not understood.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        string[] names = [.. args.Where(argument => argument != "--json")];
        if (names.Any(name => Parts.All(part => part.Name != name)))
        {
            await Console.Error.WriteLineAsync(
                $"usage: ./camelid bench chain [{string.Join('|', Parts.Select(part => part.Name))}]… [--json]");
            return 2;
        }

        List<Measurement> all = [];
        foreach ((string _, Func<IAsyncEnumerable<Measurement>> run) in Parts.Where(part =>
            names.Length == 0 || names.Contains(part.Name)))
        {
            await foreach (Measurement measurement in run())
            {
                all.Add(measurement);
                await Console.Error.WriteLineAsync($"measured: {measurement.Name}");
            }
        }

        MeasurementTable.Write(all, args.Contains("--json"));
        return 0;
    }
}
