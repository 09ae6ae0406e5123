using System.Diagnostics;
using System.Globalization;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// Memory that a loaded model takes in a process of its own: what the process holds after a prompt and some tokens,
/// less what it held before the model came.
/// </summary>
internal static class MemoryProbe
{
    /// <summary>The word by which the program starts itself; not for people.</summary>
    internal const string Word = "runtime-memory";

    private const int Steps = 8;

    /// <summary>Starts a process for one side and returns MiB.</summary>
    internal static async Task<double> MeasureAsync(string side, string folder, int threads)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        string program = Environment.GetCommandLineArgs()[0];
        string[] own = Path.GetExtension(program) == ".dll" ? [program] : [];
        foreach (string word in own.Concat([Word, side, folder, threads.ToString(CultureInfo.InvariantCulture)]))
        {
            start.ArgumentList.Add(word);
        }

        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return double.TryParse(output, CultureInfo.InvariantCulture, out double mebibytes)
            ? mebibytes
            : throw new InvalidOperationException($"the memory of {side} was not measured: '{output}'");
    }

    /// <summary>What the started process does.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        if (args is not [string side, string folder, string threadsText]
            || !int.TryParse(threadsText, CultureInfo.InvariantCulture, out int threads))
        {
            return 2;
        }

        ModelPackage package = await ModelPackage.OpenAsync(folder, CancellationToken.None);
        GC.Collect();
        double before = ResidentMebibytes();
        using LoadedPackage? loaded = side == "ours" ? new LoadedPackage(package, threads) : null;
        using IDecoder decoder = loaded is null ? new GenAiDecoder(package, threads) : new SlotDecoder(loaded);
        decoder.Reset(1);
        decoder.Prefill([[.. Enumerable.Range(1000, DecoderComparison.ShortPrompt).Select(token => (uint)token)]]);
        for (int step = 0; step < Steps; step++)
        {
            decoder.Step();
        }

        await Console.Out.WriteAsync((ResidentMebibytes() - before).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static double ResidentMebibytes()
    {
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64 / (double)(1 << 20);
    }
}
