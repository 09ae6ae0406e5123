using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Derives a manifest's <see cref="ChatTemplate"/> from a model's Jinja template: renders conversations of markers,
/// cuts the results at the markers, and keeps what stands between two roles where every conversation agrees on it.
/// </summary>
internal sealed class ChatTemplateImport : IDisposable
{
    private const string System = "system", User = "user", Assistant = "assistant";

    /// <summary>What must agree, else the template is kept as Jinja.</summary>
    private static readonly string[][] Required =
    [
        [User],
        [User, Assistant, User],
        [User, Assistant, User, Assistant, User],
    ];

    /// <summary>The same for templates that take a system message.</summary>
    private static readonly string[][] WithSystem = [.. Required.Select(roles => (string[])[System, .. roles])];

    /// <summary>Orders that are known only where the template takes them.</summary>
    private static readonly string[][] Optional =
    [
        [User, User], [User, Assistant], [Assistant, User], [User, Assistant, Assistant, User],
        [System, User, User], [System, User, Assistant], [System], [System, Assistant, User],
    ];

    private readonly JinjaTemplate template;
    private readonly string text;
    private readonly AddedTokenSplitter splitter;
    private readonly Dictionary<(string?, string?), string> between = [];

    /// <param name="source">The template and the tokens that it names.</param>
    /// <param name="splitter">Finds special tokens in the template's text.</param>
    internal ChatTemplateImport(ChatTemplateSource source, AddedTokenSplitter splitter)
    {
        if (MarkedConversation.Holds(source.Text))
        {
            throw new ModelPackageException("the chat template holds the private-use characters U+F8E0 or U+F8E1");
        }

        this.splitter = splitter;
        text = source.WithTokens();
        template = new JinjaTemplate(text, "", "");
    }

    /// <summary>The template in the simplest form that renders the same.</summary>
    /// <exception cref="ModelPackageException">It does not render a single user message.</exception>
    internal ChatTemplate Derive()
    {
        if (!Take(MarkedConversation.Render(template, Required[0]), Required[0]))
        {
            throw new ModelPackageException("the chat template does not write a user's message once and in order");
        }

        bool fits = true;
        foreach (string[] roles in Required)
        {
            fits &= TryRender(roles, out string[]? rendered) && Take(rendered, roles);
        }

        bool takesSystem = TryRender(WithSystem[0], out string[]? first);
        if (takesSystem)
        {
            fits &= first is not null;
            foreach (string[] roles in WithSystem)
            {
                fits &= TryRender(roles, out string[]? rendered) && Take(rendered, roles);
            }
        }

        string[] known = takesSystem ? [System, User, Assistant] : [User, Assistant];
        Dictionary<string, bool?> trims = known.ToDictionary(role => role, role => Trims(role, takesSystem));
        if (!fits || trims.ContainsValue(null))
        {
            return Of(known, _ => false) with { Jinja = text };
        }

        foreach (string[] roles in Optional.Where(roles => takesSystem || !roles.Contains(System)))
        {
            if (TryRender(roles, out string[]? rendered) && rendered is not null && Agrees(rendered, roles))
            {
                Take(rendered, roles);
            }
        }

        return Of(known, role => trims[role] == true) with
        {
            Transitions = [.. between.Select(pair => new ChatTransition
            {
                After = pair.Key.Item1, Role = pair.Key.Item2, Parts = splitter.Split(pair.Value),
            })],
        };
    }

    public void Dispose() => template.Dispose();

    private static ChatTemplate Of(IEnumerable<string> roles, Func<string, bool> trims) => new()
    {
        Roles = [.. roles.Select(role => new ChatRole { Role = role, Prefix = [], Suffix = [], Trims = trims(role) })],
        AnswerPrefix = [],
    };

    private bool TryRender(string[] roles, out string[]? rendered)
    {
        rendered = null;
        try
        {
            rendered = MarkedConversation.Render(template, roles);
            return true;
        }
        catch (ModelPackageException)
        {
            // The template itself refuses this order: then it is no order of the model.
            return false;
        }
    }

    private bool Take(string[]? rendered, string[] roles)
    {
        if (rendered is not { Length: > 0 } || !Agrees(rendered, roles))
        {
            return false;
        }

        for (int i = 0; i <= roles.Length; i++)
        {
            between[KeyAt(roles, i)] = rendered[i];
        }

        return true;
    }

    private bool Agrees(string[] rendered, string[] roles)
    {
        Dictionary<(string?, string?), string> seen = new(between);
        for (int i = 0; i <= roles.Length; i++)
        {
            if (!seen.TryAdd(KeyAt(roles, i), rendered[i]) && seen[KeyAt(roles, i)] != rendered[i])
            {
                return false;
            }
        }

        return true;
    }

    private static (string?, string?) KeyAt(string[] roles, int index) =>
        (index == 0 ? null : roles[index - 1], index == roles.Length ? null : roles[index]);

    /// <summary>True where white space around a role's message is dropped, false where kept; else null.</summary>
    private bool? Trims(string role, bool takesSystem)
    {
        const string Space = " \n\t ";
        string[] roles = takesSystem ? WithSystem[1] : Required[1];
        (string, string)[] spaces = [.. roles.Select(other => other == role ? (Space, Space) : ("", ""))];
        string[]? plain = MarkedConversation.Render(template, roles);
        string[]? spaced = MarkedConversation.Render(template, roles, spaces);
        if (plain is null || spaced is null)
        {
            return null;
        }

        string[] kept = [.. plain.Select((part, i) =>
            (i > 0 && roles[i - 1] == role ? Space : "") + part + (i < roles.Length && roles[i] == role ? Space : ""))];
        return spaced.SequenceEqual(plain) ? true : spaced.SequenceEqual(kept) ? false : null;
    }
}

/// <summary>A model's chat template and the tokens that it calls by name.</summary>
/// <param name="Text">The Jinja text.</param>
/// <param name="BeginToken">What it calls <c>bos_token</c>.</param>
/// <param name="EndToken">What it calls <c>eos_token</c>.</param>
internal readonly record struct ChatTemplateSource(string Text, string BeginToken, string EndToken)
{
    /// <summary>The text with the named tokens set inside it, so that it needs nothing beside it.</summary>
    internal string WithTokens()
    {
        string quoted(string token) => token.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("'", "\\'", StringComparison.Ordinal);
        return $"{{% set bos_token = '{quoted(BeginToken)}' %}}{{% set eos_token = '{quoted(EndToken)}' %}}"
            + JinjaWhitespace.Trim(Text);
    }
}
