using System.Runtime.CompilerServices;
using ImplicitNet.Cli;

namespace ImplicitNet.Tests;

/// <summary>Lets the tests share a machine.</summary>
internal static class IdleThreadsOfTests
{
#pragma warning disable CA2255 // A module initializer is what it takes to come before torch.
    [ModuleInitializer]
    internal static void Bound() => IdleThreads.Bound();
#pragma warning restore CA2255
}
