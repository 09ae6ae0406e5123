using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Camelid.Dashboard.Live;

/// <summary>Renders a panel to HTML: the very component that the page shows, so that both always agree.</summary>
internal sealed class FragmentRenderer(IServiceProvider services, ILoggerFactory loggers)
{
    /// <summary>HTML of a component.</summary>
    /// <typeparam name="TComponent">The panel.</typeparam>
    /// <param name="parameter">Name of its one parameter.</param>
    /// <param name="value">The parameter.</param>
    public async Task<string> RenderAsync<TComponent>(string parameter, object value)
        where TComponent : IComponent
    {
        await using HtmlRenderer renderer = new(services, loggers);
        Dictionary<string, object?> values = new() { [parameter] = value };
        ParameterView parameters = ParameterView.FromDictionary(values);
        return await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<TComponent>(parameters)).ToHtmlString());
    }
}
