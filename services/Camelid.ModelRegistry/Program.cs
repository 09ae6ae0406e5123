using Camelid.ModelRegistry;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;
using Camelid.ServiceDefaults.Rpc;

return await ServiceProcess.RunAsync(async () =>
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults();
    builder.AddModelRegistry();
    builder.AddServiceBus();
    WebApplication app = builder.Build();
    app.UseServiceToken();
    app.MapModelRegistry();
    app.MapDefaultEndpoints();
    await app.RunAsync();
});
