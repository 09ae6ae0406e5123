using System.Globalization;
using System.Runtime.InteropServices;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;
using Microsoft.ML.OnnxRuntime;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// <c>./camelid bench cuda</c>: on a machine with an NVIDIA GPU and the full profile, proves that the provider loads,
/// that results do not depend on what is computed beside them, and says how fast it is. Elsewhere says what is missing
/// and ends with 3. <c>--cpu</c> runs the same checks on the processor.
/// </summary>
internal static class CudaCheck
{
    private const int Slots = 8, Requests = 16, AnswerTokens = 32, Missing = 3;

    /// <summary>What ONNX Runtime's CUDA provider loads, and where it comes from.</summary>
    private static readonly (string Library, string Source)[] Needed =
    [
        ("libcuda.so.1", "the NVIDIA driver"),
        ("libcudart.so.12", "CUDA 12"),
        ("libcublasLt.so.12", "CUDA 12 (cuBLAS)"),
        ("libcufft.so.11", "CUDA 12 (cuFFT)"),
        ("libcudnn.so.9", "cuDNN 9"),
    ];

    /// <summary>Checks and prints; 0 where all holds, 1 where it does not, 3 where something is missing.</summary>
    internal static async Task<int> RunAsync(string[] args)
    {
        bool onCpu = args is ["--cpu"];
        if (!onCpu && args.Length > 0)
        {
            await Console.Error.WriteLineAsync("usage: ./camelid bench cuda [--cpu]");
            return 2;
        }

        NativeEnvironment.Prepare();
        string[] faults = onCpu ? [] : [.. Faults()];
        if (faults.Length > 0)
        {
            Console.WriteLine("CUDA was not checked; this machine lacks:");
            Array.ForEach(faults, fault => Console.WriteLine($"  {fault}"));
            return Missing;
        }

        ExecutionProvider provider = onCpu ? ExecutionProvider.Cpu : ExecutionProvider.Cuda;
        BenchmarkModel model = BenchmarkModel.Small(onCpu ? Precision.Single : Precision.Half);
        ModelPackage package = await new BenchmarkPackages(Path.Combine(".camelid", "bench"))
            .OpenAsync(model, CancellationToken.None);
        using LoadedPackage loaded = new(package, threads: 1, provider);
        return await IsExactAsync(loaded, model) && Speed(loaded, model) ? 0 : 1;
    }

    private static IEnumerable<string> Faults()
    {
        if (!OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
        {
            yield return "a build of ONNX Runtime with the CUDA provider: run ./camelid setup --full where its "
                + "packages can be fetched";
        }

        foreach ((string library, string source) in Needed)
        {
            if (NativeLibrary.TryLoad(library, out nint handle))
            {
                NativeLibrary.Free(handle);
            }
            else
            {
                yield return $"{library}: install {source}";
            }
        }
    }

    private static async Task<bool> IsExactAsync(LoadedPackage loaded, BenchmarkModel model)
    {
        try
        {
            Hash256 digest = loaded.Probe(Slots);
            Console.WriteLine($"provider: {(loaded.Provider == ExecutionProvider.Cuda ? "CUDA" : "processor")}, "
                + $"model {model.Label}: loaded");
            Console.WriteLine($"battery: {Slots} slots at once equal each sequence alone, digest {digest}");
        }
        catch (Exception e) when (e is InvalidOperationException or OnnxRuntimeException or ModelPackageException)
        {
            Console.WriteLine($"failed: {e.Message}");
            return false;
        }

        LanguageModelOptions options = new() { Slots = Slots };
        await using GenerationEngine engine = loaded.CreateEngine(options);
        await using OutputVerifier verifier = loaded.CreateVerifier();
        GenerationRequest[] requests = [.. Enumerable.Range(1, Requests).Select(number => EngineComparison.Request(
            DecoderComparison.Prompts(model, 1, 7 * number)[0], AnswerTokens))];
        GenerationFinished[] together = await Task.WhenAll(
            requests.Select(request => EngineComparison.FinishAsync(engine, request)));
        int different = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            GenerationFinished alone = await EngineComparison.FinishAsync(engine, requests[i]);
            RecomputedOutput again = await verifier.RecomputeAsync(
                new VerificationRequest
                {
                    PromptTokens = requests[i].PromptTokens, OutputTokens = together[i].Tokens,
                    Sampling = requests[i].Sampling, SeedKey = requests[i].SeedKey, MaxTokens = AnswerTokens,
                },
                CancellationToken.None);
            bool isEqual = together[i].Tokens.SequenceEqual(alone.Tokens)
                && together[i].Fingerprints.SequenceEqual(alone.Fingerprints)
                && together[i].Fingerprints.SequenceEqual(again.Fingerprints);
            different += isEqual ? 0 : 1;
        }

        Console.WriteLine($"engine: {Requests} requests at once, each alone, and in one pass of the verifier: "
            + (different == 0 ? "equal, bit for bit" : $"{different} of them DIFFER"));
        return different == 0;
    }

    private static bool Speed(LoadedPackage loaded, BenchmarkModel model)
    {
        using SlotDecoder decoder = new(loaded);
        WorkClock clock = new(false);
        (uint[][] one, uint[][] batch) = DecoderComparison.DecodePrompts(model);
        (string Name, Func<double> Rate)[] rates =
        [
            ("prefill of 512", () => DecoderComparison.Prefill(
                decoder, DecoderComparison.Prompts(model, 1, DecoderComparison.LongPrompt), clock)),
            ("decode, batch 1", () => DecoderComparison.Decode(decoder, one, model.Effort.DecodeSteps, clock)),
            ($"decode, batch {batch.Length}",
                () => DecoderComparison.Decode(decoder, batch, model.Effort.DecodeSteps, clock)),
        ];
        foreach ((string name, Func<double> rate) in rates)
        {
            rate();
            double[] rounds = [.. Enumerable.Range(0, Measurement.Rounds).Select(_ => rate()).Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"speed: {name}: {rounds[rounds.Length / 2]:F1} tokens/s ({rounds[0]:F1} to {rounds[^1]:F1})"));
        }

        return true;
    }
}
