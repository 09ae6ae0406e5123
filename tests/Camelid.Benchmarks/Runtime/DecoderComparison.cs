using System.Diagnostics;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// The slot graph alone against GenAI, in turn on the same prompts: each round runs a quantity on both sides, one
/// directly after the other, and which of them begins changes from round to round.
/// </summary>
internal sealed class DecoderComparison(ModelPackage package, BenchmarkModel model, int threads, int rounds)
{
    private const int BatchRows = 8, ShortPrompt = 128, LongPrompt = 512, DecodeSteps = 48, BatchSteps = 24;
    private const ulong PromptSeed = 7;

    /// <summary>Runs every quantity.</summary>
    internal List<RuntimeLine> Run()
    {
        using SlotDecoder ours = new(package, threads);
        using GenAiDecoder theirs = new(package, threads);
        Console.Error.WriteLine(Agreement(ours, theirs));
        IDecoder[] sides = [ours, theirs];
        List<RuntimeLine> lines =
        [
            Compare($"prefill, {ShortPrompt} tokens", sides, side => Prefill(side, ShortPrompt)),
            Compare($"prefill, {LongPrompt} tokens", sides, side => Prefill(side, LongPrompt)),
            Compare("decode, batch 1", sides, side => Decode(side, 1, DecodeSteps)),
            Compare($"decode, batch {BatchRows}", sides, side => Decode(side, BatchRows, BatchSteps)),
        ];
        lines.Add(new RuntimeLine
        {
            Model = Label, Threads = threads, Quantity = $"ours: decode of {BatchRows} rows / of 1", Unit = "times",
            Ratio = lines[3].Ours / lines[2].Ours,
        });
        return lines;
    }

    private string Label => $"{model.Name} {model.Precision}";

    private RuntimeLine Compare(string quantity, IDecoder[] sides, Func<IDecoder, double> rate)
    {
        double[][] rates = [new double[rounds], new double[rounds]];
        for (int round = -1; round < rounds; round++)
        {
            for (int turn = 0; turn < 2; turn++)
            {
                int side = (turn + round + 1) % 2;
                double measured = rate(sides[side]);
                if (round >= 0)
                {
                    rates[side][round] = measured;
                }
            }
        }

        double[] ratios = [.. rates[0].Zip(rates[1], (mine, other) => mine / other)];
        RuntimeLine line = new()
        {
            Model = Label, Threads = threads, Quantity = quantity, Unit = "tokens/s",
            Ours = RuntimeLine.Median(rates[0]), Theirs = RuntimeLine.Median(rates[1]),
            Ratio = RuntimeLine.Median(ratios), Least = ratios.Min(), Most = ratios.Max(),
        };
        Console.Error.WriteLine($"measured: {line.Model}, {threads} threads, {quantity}: "
            + $"{line.Ours:F1} / {line.Theirs:F1} = {line.Ratio:F2} ({line.Least:F2} to {line.Most:F2})");
        return line;
    }

    /// <summary>Prompt tokens per second until the first token is chosen.</summary>
    private double Prefill(IDecoder side, int tokens)
    {
        side.Reset(1);
        uint[][] prompts = Prompts(1, tokens);
        long started = Stopwatch.GetTimestamp();
        side.Prefill(prompts);
        return tokens / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Tokens per second of all rows together, after a prompt.</summary>
    private double Decode(IDecoder side, int rows, int steps)
    {
        side.Reset(rows);
        side.Prefill(Prompts(rows, ShortPrompt / rows));
        side.Step();
        long started = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            side.Step();
        }

        return rows * steps / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private string Agreement(SlotDecoder ours, GenAiDecoder theirs)
    {
        theirs.KeepsLogits = true;
        double worst = 0;
        int equal = 0;
        foreach (IDecoder side in new IDecoder[] { ours, theirs })
        {
            side.Reset(1);
            side.Prefill(Prompts(1, ShortPrompt));
        }

        const int Steps = 16;
        for (int step = 0; step < Steps; step++)
        {
            ReadOnlySpan<float> mine = ours.Logits(0);
            ReadOnlySpan<float> other = theirs.Logits(0);
            double error = 0;
            double size = 0;
            for (int i = 0; i < mine.Length; i++)
            {
                error += Math.Pow(mine[i] - other[i], 2);
                size += Math.Pow(other[i], 2);
            }

            worst = Math.Max(worst, Math.Sqrt(error / size));
            if (ours.Token(0) != theirs.Token(0))
            {
                break;
            }

            equal++;
            ours.Step();
            theirs.Step();
        }

        theirs.KeepsLogits = false;
        return $"same computation: {Label}, {threads} threads: {equal} of {Steps} greedy tokens equal, "
            + $"logits differ by {worst:E1} of their size";
    }

    private uint[][] Prompts(int rows, int tokens)
    {
        Random random = new((int)PromptSeed);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, tokens)
            .Select(_ => (uint)random.Next(300, package.Manifest.VocabularySize)).ToArray())];
    }
}
