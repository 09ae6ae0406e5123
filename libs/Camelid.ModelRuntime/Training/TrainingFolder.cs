using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Where a training keeps its chain and its stored states: <c>chain/chain.jsonl</c> and <c>chain/00000500.state</c>
/// beside the model package.
/// </summary>
internal sealed class TrainingFolder(string modelFolder)
{
    private readonly string folder = Path.Combine(modelFolder, "chain");

    /// <summary>The chain file.</summary>
    internal string ChainPath => Path.Combine(folder, "chain.jsonl");

    private string RecipePath => Path.Combine(folder, "recipe.json");

    /// <summary>True where a training was begun here.</summary>
    internal bool Exists => File.Exists(ChainPath);

    /// <summary>Steps after which a state is stored, ascending.</summary>
    internal IReadOnlyList<int> StoredSteps => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*.state")
            .Select(path => int.TryParse(
                Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out int step)
                ? step : -1)
            .Where(step => step >= 0).Order()];

    /// <summary>Keeps what a recipe is and how many steps it has, for who replays it.</summary>
    internal void WriteRecipe(TrainingRecipe recipe)
    {
        Directory.CreateDirectory(folder);
        JsonObject content = new()
        {
            ["description"] = JsonNode.Parse(recipe.Description), ["steps"] = recipe.Steps,
        };
        File.WriteAllText(RecipePath, content.ToJsonString(BytePairVocabulary.JsonOptions));
    }

    /// <summary>What <see cref="WriteRecipe"/> kept.</summary>
    /// <exception cref="ModelPackageException">The file is missing or is no recipe.</exception>
    internal (JsonObject Description, int Steps) ReadRecipe()
    {
        if (!File.Exists(RecipePath))
        {
            throw new ModelPackageException(
                $"{modelFolder} holds no training: {RecipePath} is missing; give the --out folder of a training");
        }

        try
        {
            if (JsonNode.Parse(File.ReadAllText(RecipePath)) is JsonObject content
                && content["description"] is JsonObject description && content["steps"] is JsonValue value
                && value.TryGetValue(out int steps))
            {
                return (description, steps);
            }
        }
        catch (JsonException e)
        {
            throw new ModelPackageException($"{RecipePath} is no recipe: {e.Message}", e);
        }

        throw new ModelPackageException($"{RecipePath} is no recipe");
    }

    /// <summary>Begins a chain file anew with the given steps.</summary>
    internal void WriteChain(IEnumerable<TrainingStep> steps)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllLines(ChainPath, steps.Select(TrainingChain.Line));
    }

    /// <summary>Appends one step.</summary>
    internal void Append(TrainingStep step) => File.AppendAllText(ChainPath, TrainingChain.Line(step) + "\n");

    /// <summary>Stores a state.</summary>
    internal void Store(TrainingState state)
    {
        Directory.CreateDirectory(folder);
        state.Write(StatePath(state.Step));
    }

    /// <summary>Reads a stored state and checks it against the chain.</summary>
    /// <exception cref="ModelPackageException">It is damaged, or is not the state that the chain names.</exception>
    internal TrainingState Load(TrainingStep link, int count)
    {
        TrainingState state = TrainingState.Read(StatePath(link.Step), count);
        Hash256 hash = state.Hash;
        return state.Step == link.Step && hash.ToString() == link.State
            ? state
            : throw new ModelPackageException(
                $"{StatePath(link.Step)} is not the state after step {link.Step} that the chain names: "
                + $"it hashes to {hash}, the chain has {link.State}");
    }

    private string StatePath(int step) =>
        Path.Combine(folder, step.ToString("D8", CultureInfo.InvariantCulture) + ".state");
}
