using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Calls what a user has written: an error of the native library comes out in one line that says what the module was given.
/// </summary>
internal static class ForeignModule
{
    /// <summary>The module's value.</summary>
    /// <param name="module">Any.</param>
    /// <param name="input">Its input.</param>
    /// <param name="role">What it is called in the message, such as "encoder".</param>
    /// <exception cref="ArgumentException">The module cannot take the input.</exception>
    /// <exception cref="InvalidOperationException">The module returned null.</exception>
    public static Tensor Call(nn.Module<Tensor, Tensor> module, Tensor input, string role) => TorchMessage.Guarded(
        (Module: module, Input: input, Role: role),
        static given => given.Module.call(given.Input) ?? throw new InvalidOperationException($"The {given.Role} returned null."),
        static (given, said) => new ArgumentException(
            $"The {given.Role} cannot take {TensorCheck.Describe(given.Input)}: {said}", nameof(input)));
}
