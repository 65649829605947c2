using ImplicitNet.Outside.Tests.Bounds;
using ImplicitNet.Outside.Tests.Calls;
using ImplicitNet.Outside.Tests.Flows;
using ImplicitNet.Outside.Tests.Robustness;
using ImplicitNet.Outside.Tests.Statuses;

namespace ImplicitNet.Outside.Tests;

/// <summary>
/// The tests, or by its first argument one referee: <c>statuses</c>, <c>flows</c>, <c>bounds</c>, <c>robustness</c> or <c>calls</c>, with
/// <c>CsCheck_Iter</c> cases from <c>CsCheck_Seed</c>.
/// </summary>
internal static class Program
{
    public static int Main(string[] args) => args switch
    {
        ["statuses", .. string[] rest] => StatusReferee.Run(rest),
        ["flows", .. string[] rest] => FlowReferee.Run(rest),
        ["bounds", MonotoneReferee.Name, .. string[] rest] => MonotoneReferee.Run(rest is [RefereeCase.Planted]),
        ["bounds", .. string[] rest] => BoundReferee.Run(rest),
        [RobustnessReferee.Name, AttackedModel.Verb, string model, string data, string count, string radii] =>
            AttackedModel.Run(model, data, int.Parse(count, System.Globalization.CultureInfo.InvariantCulture), radii),
        [RobustnessReferee.Name, .. string[] rest] => RobustnessReferee.Run(rest is [RefereeCase.Planted]),
        ["calls", .. string[] rest] => CallReferee.Run(rest),
        [CallBatch.Verb, .. string[] rest] => CallBatch.Run(rest),
        _ when args.Any(argument => argument is "--server" or "--internal-msbuild-node") =>
            Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework
                .RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult(),
        _ => Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult(),
    };
}
