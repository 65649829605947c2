using System.Runtime.CompilerServices;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Files.Safetensors;
using ImplicitNet.Models;
using ImplicitNet.Reports;
using ImplicitNet.Solvers;
using ImplicitNet.Training;

namespace ImplicitNet.Tests;

/// <summary>A class is abstract, a protocol, or sealed; nothing stands between.</summary>
public sealed class SealedTests
{
    [Fact]
    public void Every_class_is_abstract_or_sealed()
    {
        Type[] classes =
        [
            .. new[] { typeof(FixedPoint), typeof(SafetensorsFile), typeof(Trainer), typeof(RunReport), typeof(ModelFolder), typeof(Terminal) }
                .SelectMany(type => type.Assembly.GetTypes())
                .Where(type => type is { IsClass: true, Namespace: not null } && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)),
        ];
        Assert.True(classes.Length > 300, $"{classes.Length} classes");
        Assert.DoesNotContain(classes, type => !type.IsAbstract && !type.IsSealed);
    }
}
