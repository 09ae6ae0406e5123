using System.CommandLine;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary><c>camelid models train verify</c>.</summary>
internal static class ModelsTrainVerify
{
    private static readonly Argument<DirectoryInfo> Folder = new("DIR") { Description = "the --out of a training" };
    private static readonly Option<int?> Step = new("--step")
    {
        Description = "step to recompute (default: one drawn at random)",
    };

    private static readonly Option<string?> Model = new("--model")
    {
        Description = "of a LoRA: the model that it was made from",
    };

    private static readonly Option<FileInfo?> Data = new("--data")
    {
        Description = "of a LoRA: what it learnt", HelpName = "FILE",
    };

    public static Command Build(Terminal terminal)
    {
        Command verify = new("verify", "Check a training's chain, and recompute one of its steps bit for bit.")
        {
            Folder, Step, Model, Data,
        };
        verify.SetAction((parse, cancellation) => RunAsync(terminal, parse, cancellation));
        return verify;
    }

    private static async Task<int> RunAsync(Terminal terminal, ParseResult parse, CancellationToken cancellationToken)
    {
        ModelRuntime.Graphs.NativeEnvironment.Prepare();
        try
        {
            TrainingVerifier verifier = await OpenAsync(parse, cancellationToken);
            int step = parse.GetValue(Step) ?? Random.Shared.Next(1, verifier.Steps + 1);
            TrainingFault? fault = await verifier.CheckAsync(step, cancellationToken);
            if (parse.GetValue(Gateway.Json))
            {
                terminal.WriteJson(new JsonObject
                {
                    ["steps"] = verifier.Steps, ["chain"] = verifier.LastLink, ["step"] = step,
                    ["faultStep"] = fault?.Step, ["fault"] = fault?.Text,
                });
            }
            else
            {
                terminal.WritePage(
                    ("steps", $"{verifier.Steps}"), ("chain", verifier.LastLink), ("recomputed", $"step {step}"),
                    ("result", fault is null ? "equal, bit for bit" : $"step {fault.Step}: {fault.Text}"));
            }

            return (int)(fault is null ? ExitCode.Ok : ExitCode.VerificationFailed);
        }
        catch (ModelPackageException fault)
        {
            throw new CommandFailure(ExitCode.VerificationFailed, fault.Message);
        }
    }

    private static async Task<TrainingVerifier> OpenAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        string folder = parse.GetRequiredValue(Folder).FullName;
        if (parse.GetValue(Model) is not string model)
        {
            return TrainingVerifier.OpenNano(folder);
        }

        string data = parse.GetValue(Data)?.FullName
            ?? throw new CommandFailure(ExitCode.Usage, "--model needs --data: the file that the LoRA learnt");
        ModelPackage package = await ModelFolder.OpenAsync(parse, model, cancellationToken);
        return TrainingVerifier.OpenLora(folder, package, data);
    }
}
