using Camelid.Gateway;
using Camelid.Gateway.Proxy;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Hosting;

return await ServiceProcess.RunAsync(async () =>
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
    builder.AddServiceDefaults();
    builder.AddGateway();
    builder.AddGatewayProxy();
    builder.AddServiceBus();

    WebApplication app = builder.Build();
    app.MapGateway();
    app.MapGatewayProxy();
    app.MapDefaultEndpoints();
    await app.RunAsync();
});
