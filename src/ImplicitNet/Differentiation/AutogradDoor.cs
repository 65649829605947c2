using static TorchSharp.torch;

namespace ImplicitNet.Differentiation;

/// <summary>
/// The one door to torch's engine for gradients of some tensors in others. An error of the engine comes back as an exception.
/// </summary>
/// <remarks>
/// <c>torch.autograd.grad</c> of TorchSharp 0.107.0 lets native exceptions out, which end the process. The same function
/// called by a line of TorchScript does not: the interpreter and what TorchSharp puts around it catch every one. It costs 2
/// microseconds a call more. <c>torch.autograd.backward</c> is caught too, but adds into <c>grad</c> of what it is given, marks
/// tensors within a graph for good, and warns on the error stream.
/// </remarks>
internal static class AutogradDoor
{
    private const string Script = """
        def gradients(output: Tensor, inputs: List[Tensor], vector: Tensor, create: bool):
            vectors: List[Optional[Tensor]] = [vector]
            return torch.autograd.grad([output], inputs, vectors, True, create, True)


        """;

#pragma warning disable RS0030 // The guarded door: the script is a constant that compiles.
    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile(Script.ReplaceLineEndings("\n")));
#pragma warning restore RS0030

    /// <summary><c>J^T v</c> for every input. The graph is kept.</summary>
    /// <param name="output">In a graph.</param>
    /// <param name="inputs">At least one, each of which requires a gradient.</param>
    /// <param name="vector">v: the shape of the output.</param>
    /// <param name="createGraph">True to differentiate the products again.</param>
    /// <returns>One for each input; null where the output does not depend on it. The caller owns them.</returns>
    /// <exception cref="InvalidOperationException">
    /// The engine failed: a tensor was changed, a graph was freed, a derivative is missing.
    /// </exception>
    public static IReadOnlyList<Tensor?> Gradients(Tensor output, Tensor[] inputs, Tensor vector, bool createGraph) => TorchMessage.Guarded(
        (Output: output, Inputs: inputs, Vector: vector, CreateGraph: createGraph),
        static given => Unit.Value.invoke("gradients", given.Output, given.Inputs, given.Vector, given.CreateGraph) switch
        {
            Tensor[] all => all,
            object?[] some => [.. some.Select(each => each as Tensor)],
            _ => new Tensor?[given.Inputs.Length],
        },
        static (_, said) => Refusal($"Autograd cannot differentiate this: {said}"));

    private static InvalidOperationException Refusal(string message) => message.Contains("not implemented", StringComparison.Ordinal)
        ? new MissingDerivativeException(message)
        : new InvalidOperationException(message);
}
