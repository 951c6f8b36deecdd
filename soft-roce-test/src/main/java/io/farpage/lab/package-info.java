package io.farpage.lab;
